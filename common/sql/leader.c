#include "leader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "sql_conn.h"

enum { ANSWER_WITHIN_MS = 3000, TRY_AGAIN_MS = 500, ASK_AGAIN_MS = 250 };

/* A leader that was stopped in its tracks does not ask any more: the server ends its session, and another leads. */
static const char try_lock[] = "select pg_try_advisory_lock(hashtext($1), hashtext($2)), "
                               "set_config('idle_session_timeout', $3, false)";

struct leader {
    const char *values[3]; /* schema, task, patience */
    char patience[16];
    PGconn *pg;
    bool holds;
    int64_t next_try, asked;
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
    l->holds = false;
    l->next_try = clock_ms() + TRY_AGAIN_MS;
}

/* 't' or 'f', 0 when the server does not answer in time. */
static char ask(struct leader *l, const char *sql, int n)
{
    int64_t until = clock_ms() + ANSWER_WITHIN_MS;
    PGresult *r, *next;
    char answer = 0;

    if (!PQsendQueryParams(l->pg, sql, n, NULL, l->values, NULL, NULL, 0))
        return 0;
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

/* A session that ends says so: as long as the server is silent, its last word holds for a moment. */
static bool still_holds(const struct leader *l)
{
    struct pollfd fd = {PQsocket(l->pg), POLLIN, 0};

    return clock_ms() - l->asked < ASK_AGAIN_MS && poll(&fd, 1, 0) == 0;
}

bool leader_check(struct leader *l, bool *fresh)
{
    bool held = l->holds;
    char answer;

    if (fresh)
        *fresh = false;
    if (held && still_holds(l))
        return true;
    if (!l->pg && clock_ms() >= l->next_try)
        l->pg = conn_direct();
    if (!l->pg || (!held && clock_ms() < l->next_try))
        return false;
    answer = held ? ask(l, "select true", 0) : ask(l, try_lock, 3);
    if (!answer) {
        lose(l);
        return false;
    }
    l->holds = answer == 't';
    l->asked = clock_ms();
    l->next_try = l->asked + TRY_AGAIN_MS;
    if (fresh)
        *fresh = l->holds && !held;
    return l->holds;
}

void leader_free(struct leader *l)
{
    PQfinish(l->pg);
    free(l);
}
