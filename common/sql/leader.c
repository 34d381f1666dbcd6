#include "leader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "connection.h"

/* A verification of the lock holds for VERIFY_MS; the next one is sent after EARLY_MS, ahead of time. */
enum { ANSWER_WITHIN_MS = 3000, RETRY_MS = 500, VERIFY_MS = 250, EARLY_MS = 125 };

/* A leader whose process is suspended sends nothing any more: then the server ends its session, and another
 * instance leads. */
static const char try_lock[] = "select pg_try_advisory_lock(hashtext($1), hashtext($2)), "
                               "set_config('idle_session_timeout', $3, false)";

struct leader {
    const char *values[3]; /* schema, task, idle_timeout */
    char idle_timeout[16];
    PGconn *pg;
    bool holds;
    bool pending; /* a verification was sent ahead of time, at `sent`, and its result was not read yet */
    int64_t next_try, verified, sent;
};

struct leader *leader_new(const char *schema, const char *task)
{
    struct leader *l = calloc(1, sizeof *l);

    snprintf(l->idle_timeout, sizeof l->idle_timeout, "%lds", (long)config_int("LEADER_SECONDS", 20));
    l->values[0] = schema;
    l->values[1] = task;
    l->values[2] = l->idle_timeout;
    return l;
}

static void lose(struct leader *l)
{
    PQfinish(l->pg);
    l->pg = NULL;
    l->holds = l->pending = false;
    l->next_try = clock_ms() + RETRY_MS;
}

static bool send(struct leader *l, const char *sql, int n)
{
    return PQsendQueryParams(l->pg, sql, n, NULL, l->values, NULL, NULL, 0);
}

/* 't' or 'f', 0 when the server does not answer in time. */
static char receive(struct leader *l)
{
    int64_t until = clock_ms() + ANSWER_WITHIN_MS;
    PGresult *r, *next;
    char answer = 0;

    while (PQisBusy(l->pg)) {
        struct pollfd fd = {PQsocket(l->pg), POLLIN, 0};
        int64_t left = until - clock_ms();

        if (left <= 0 || (poll(&fd, 1, (int)left) > 0 && !PQconsumeInput(l->pg)))
            return 0;
    }
    for (r = PQgetResult(l->pg); r; r = next) {
        if (PQresultStatus(r) == PGRES_TUPLES_OK)
            answer = PQgetvalue(r, 0, 0)[0];
        PQclear(r);
        next = PQgetResult(l->pg);
    }
    return answer;
}

/* The server has sent something unasked, as it does when it ends a session. */
static bool has_ended(const struct leader *l)
{
    struct pollfd fd = {PQsocket(l->pg), POLLIN, 0};

    return poll(&fd, 1, 0) != 0;
}

static bool is_verified(const struct leader *l)
{
    return clock_ms() - l->verified < VERIFY_MS && !has_ended(l);
}

/* Sends a verification ahead of time, so that a caller that checks often finds its result there and never
 * waits for one. */
static void verify_early(struct leader *l)
{
    if (l->pending || clock_ms() - l->verified < EARLY_MS)
        return;
    l->sent = clock_ms();
    l->pending = send(l, "select true", 0);
}

/* The result of the verification that was sent ahead of time, or of one that is sent now. */
static char verify(struct leader *l)
{
    bool pending = l->pending;

    l->pending = false;
    l->verified = pending ? l->sent : clock_ms();
    return pending || send(l, l->holds ? "select true" : try_lock, l->holds ? 0 : 3) ? receive(l) : 0;
}

bool leader_check(struct leader *l, bool *fresh)
{
    bool held = l->holds;
    char answer;

    if (fresh)
        *fresh = false;
    if (held && is_verified(l)) {
        verify_early(l);
        return true;
    }
    if (!l->pg && clock_ms() >= l->next_try)
        l->pg = conn_direct();
    if (!l->pg || (!held && clock_ms() < l->next_try))
        return false;
    answer = verify(l);
    if (!answer) {
        lose(l);
        return false;
    }
    l->holds = answer == 't';
    l->next_try = clock_ms() + RETRY_MS;
    if (fresh)
        *fresh = l->holds && !held;
    return l->holds;
}

void leader_free(struct leader *l)
{
    PQfinish(l->pg);
    free(l);
}
