#include "leader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "connection.h"

enum { ANSWER_WITHIN_MS = 3000, TRY_AGAIN_MS = 500, ASK_AGAIN_MS = 250, ASK_EARLY_MS = 125 };

/* A leader that was stopped in its tracks does not ask any more: the server ends its session, and another
 * leads. */
static const char try_lock[] = "select pg_try_advisory_lock(hashtext($1), hashtext($2)), "
                               "set_config('idle_session_timeout', $3, false)";

struct leader {
    const char *values[3]; /* schema, task, patience */
    char patience[16];
    PGconn *pg;
    bool holds;
    bool asking; /* asked ahead of time, at `early`, and not answered yet */
    int64_t next_try, asked, early;
};

struct leader *leader_new(const char *schema, const char *task)
{
    struct leader *l = calloc(1, sizeof *l);

    snprintf(l->patience, sizeof l->patience, "%lds", (long)config_int("LEADER_SECONDS", 20));
    l->values[0] = schema;
    l->values[1] = task;
    l->values[2] = l->patience;
    return l;
}

static void lose(struct leader *l)
{
    PQfinish(l->pg);
    l->pg = NULL;
    l->holds = l->asking = false;
    l->next_try = clock_ms() + TRY_AGAIN_MS;
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

/* Has the server said anything? */
static bool has_spoken(const struct leader *l)
{
    struct pollfd fd = {PQsocket(l->pg), POLLIN, 0};

    return poll(&fd, 1, 0) != 0;
}

/* A session that ends says so: as long as the server is silent, its last word holds for a moment. */
static bool still_holds(const struct leader *l)
{
    return clock_ms() - l->asked < ASK_AGAIN_MS && !has_spoken(l);
}

/* Whoever checks often does not wait for the answer: he asks before he must know, and it is there when he
 * comes again. */
static void ask_early(struct leader *l)
{
    if (l->asking || clock_ms() - l->asked < ASK_EARLY_MS)
        return;
    l->early = clock_ms();
    l->asking = send(l, "select true", 0);
}

/* Is there the answer to a question asked early, or is it time for one? */
static char ask(struct leader *l)
{
    bool asking = l->asking;

    l->asking = false;
    l->asked = asking ? l->early : clock_ms();
    return asking || send(l, l->holds ? "select true" : try_lock, l->holds ? 0 : 3) ? receive(l) : 0;
}

bool leader_check(struct leader *l, bool *fresh)
{
    bool held = l->holds;
    char answer;

    if (fresh)
        *fresh = false;
    if (held && still_holds(l)) {
        ask_early(l);
        return true;
    }
    if (!l->pg && clock_ms() >= l->next_try)
        l->pg = conn_direct();
    if (!l->pg || (!held && clock_ms() < l->next_try))
        return false;
    answer = ask(l);
    if (!answer) {
        lose(l);
        return false;
    }
    l->holds = answer == 't';
    l->next_try = clock_ms() + TRY_AGAIN_MS;
    if (fresh)
        *fresh = l->holds && !held;
    return l->holds;
}

void leader_free(struct leader *l)
{
    PQfinish(l->pg);
    free(l);
}
