#include "pipeline.h"

#include <string.h>

#include "arena.h"
#include "crash.h"
#include "fault.h"
#include "pool.h"
#include "statement.h"
#include "work.h"

/* For a connection of the pool. */
enum { REQUEST_WAIT_MS = 200, BACKGROUND_WAIT_MS = 5000 };

/* Of what is pending: for a statement with its preparation, and for what goes before and behind it without being asked for. */
enum { ROOM = 16 };

int pipeline_lost(struct work *w)
{
    w->db->broken = true;
    if (w->fault)
        return (int)w->fault;
    return PQstatus(w->db->pg) == CONNECTION_OK ? sql_busy(w, "database.unavailable") : sql_ended(w);
}

/* Sets the time-outs of the session's class, unless it has them from the work before. */
static bool set_time_outs(struct sql_conn *c, enum session_class wanted)
{
    bool known = c->class == wanted;

    c->class = wanted;
    if (known)
        return true;
    if (wanted == INTERACTIVE)
        return statement_send(c, "interactive",
                              "select set_config('statement_timeout', '2s', false), "
                              "set_config('lock_timeout', '1s', false)",
                              0, NULL);
    return statement_send(c, "background",
                          "select set_config('statement_timeout', '20s', false), "
                          "set_config('lock_timeout', '10s', false)",
                          0, NULL);
}

int pipeline_open(struct work *w)
{
    enum session_class class = w->kind == REQUEST ? INTERACTIVE : BACKGROUND;

    if (w->db)
        return w->fault == OK ? OK : (int)w->fault;
    w->db = conn_take(w->kind == REQUEST ? REQUEST_WAIT_MS : BACKGROUND_WAIT_MS, w->until, class);
    if (!w->db) {
        w->turned_away = true;
        return sql_busy(w, "database.unavailable");
    }
    w->db->begun = w->db->failed = w->db->committing = false;
    w->db->answer_ms = w->kind == REQUEST ? ANSWER_MS : BACKGROUND_MS;
    w->db->until = w->until;
    return set_time_outs(w->db, class) ? OK : pipeline_lost(w);
}

static bool begin(struct work *w)
{
    if (!w->writes || w->db->begun)
        return true;
    w->db->begun = true;
    crash_point("work.begun");
    return statement_send(w->db, "begin", "begin", 0, NULL);
}

static void judge(struct work *w, const struct pending *p, const PGresult *r)
{
    struct sql_conn *c = w->db;

    switch (PQresultStatus(r)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (p->prepares)
            statement_prepared(c, p->prepares);
        return;
    case PGRES_PIPELINE_ABORTED:
        c->failed = true;
        return;
    default:
        c->failed = true;
        if (w->fault == OK)
            sql_fault_of(w, r, p->what);
    }
}

/* Whoever asked with sql_deferred(), and where in the pipeline. */
struct awaited {
    struct awaited *next;
    int place;
    void (*take)(struct work *w, PGresult *r, void *into);
    void *into;
};

/* The result of the statement in this place is its asker's, if it has one. */
static void hand_over(struct work *w, int place, PGresult *r)
{
    struct awaited *a = w->awaited;

    if (!a || a->place != place || PQresultStatus(r) != PGRES_TUPLES_OK) {
        PQclear(r);
        return;
    }
    w->awaited = a->next;
    a->take(w, arena_owns(w->arena, r, (void (*)(void *))PQclear), a->into);
}

/* Read the results of all that was sent; *last, if asked for, is the last statement's and owned by the work. */
static int read_results(struct work *w, PGresult **last)
{
    struct sql_conn *c = w->db;

    for (int i = 0; i < c->pending_count; i++) {
        PGresult *r = conn_result(c);

        if (!r)
            return pipeline_lost(w);
        judge(w, &c->pending[i], r);
        if (last && i + 1 == c->pending_count)
            *last = arena_owns(w->arena, r, (void (*)(void *))PQclear);
        else
            hand_over(w, i, r);
        while ((r = conn_result(c)))
            PQclear(r);
        if (c->broken)
            return pipeline_lost(w);
    }
    c->pending_count = 0;
    w->awaited = NULL;
    return w->fault;
}

/* Send a synchronisation point and read up to it: afterwards the pipeline takes statements again. */
int pipeline_end(struct work *w, PGresult **last)
{
    struct sql_conn *c = w->db;
    PGresult *r;
    bool end = false;

    if (!PQpipelineSync(c->pg))
        return pipeline_lost(w);
    read_results(w, last);
    while (!end && !c->broken) {
        r = conn_result(c);
        if (!r && c->broken)
            break;
        end = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        PQclear(r);
        if (PQstatus(c->pg) != CONNECTION_OK)
            c->broken = true;
    }
    return c->broken ? pipeline_lost(w) : (int)w->fault;
}

int pipeline_send(struct work *w, const char *name, const char *sql, int n, const char *const *values)
{
    TRY(pipeline_open(w));
    if (w->db->pending_count > PENDING_MAX - ROOM)
        TRY(PQsendFlushRequest(w->db->pg) ? read_results(w, NULL) : pipeline_lost(w));
    return begin(w) && statement_send(w->db, name, sql, n, values) ? OK : pipeline_lost(w);
}

/* Of the statement that was sent last. */
void pipeline_expect(struct work *w, void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    struct awaited *a = arena_alloc(w->arena, sizeof *a), **end = &w->awaited;

    *a = (struct awaited){NULL, w->db->pending_count - 1, take, into};
    while (*end)
        end = &(*end)->next;
    *end = a;
}

/* Up to a synchronisation point where nothing else is to be sent, else without one. */
int pipeline_read(struct work *w, PGresult **last)
{
    if (!w->writes)
        return pipeline_end(w, last);
    return PQsendFlushRequest(w->db->pg) ? read_results(w, last) : pipeline_lost(w);
}
