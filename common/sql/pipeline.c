#include "pipeline.h"

#include "arena.h"
#include "crash.h"
#include "fault.h"
#include "pool.h"
#include "statement.h"
#include "transaction_state.h"
#include "work.h"

/* How long to wait for a connection of the pool. */
enum { REQUEST_WAIT_MS = 200, BACKGROUND_WAIT_MS = 5000 };

/* Of PENDING_MAX: for a statement with its preparation, and for what goes before and behind it unasked. */
enum { ROOM = 16 };

/* A caller that waits for the rows of the statement in this place of the pipeline. */
struct expected {
    struct expected *next;
    int place;
    void (*take)(struct work *w, PGresult *r, void *into);
    void *into;
};

static struct sql_conn *connection(struct work *w)
{
    return w->transaction->connection;
}

/* The connection is not usable any more: BUSY, or what went wrong before. */
static int lost(struct work *w)
{
    connection(w)->broken = true;
    if (w->fault)
        return (int)w->fault;
    return PQstatus(connection(w)->pg) == CONNECTION_OK ? sql_busy(w, "database.unavailable") : sql_ended(w);
}

/* --- sending ------------------------------------------------------------------------------------------- */

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
    bool request = w->kind == REQUEST;
    struct transaction *t = transaction_of(w);
    struct sql_conn *c;

    if (t->connection)
        return (int)w->fault;
    c = conn_take(request ? REQUEST_WAIT_MS : BACKGROUND_WAIT_MS, w->until,
                  request ? INTERACTIVE : BACKGROUND);
    if (!c) {
        t->no_connection = true;
        return sql_busy(w, "database.unavailable");
    }
    t->connection = c;
    c->begun = c->failed = c->committing = false;
    c->answer_ms = request ? ANSWER_MS : BACKGROUND_MS;
    c->until = w->until;
    return set_time_outs(c, request ? INTERACTIVE : BACKGROUND) ? OK : lost(w);
}

static bool begin(struct work *w)
{
    struct sql_conn *c = connection(w);

    if (!w->writes || c->begun)
        return true;
    c->begun = true;
    crash_point("work.begun");
    return statement_send(c, "begin", "begin", 0, NULL);
}

/* --- reading ------------------------------------------------------------------------------------------- */

/* What a result means for the connection and the work. */
static void note_outcome(struct work *w, const struct pending *p, const PGresult *r)
{
    struct sql_conn *c = connection(w);

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

/* Hand the result to the caller that expects one from this place, if there is one and the statement
 * succeeded. */
static void hand_over(struct work *w, int place, PGresult *r)
{
    struct transaction *t = w->transaction;
    struct expected *e = t->expected;

    if (!e || e->place != place || PQresultStatus(r) != PGRES_TUPLES_OK) {
        PQclear(r);
        return;
    }
    t->expected = e->next;
    e->take(w, arena_owns(w->arena, r, (void (*)(void *))PQclear), e->into);
}

static int read_results(struct work *w, PGresult **last)
{
    struct sql_conn *c = connection(w);

    for (int i = 0; i < c->pending_count; i++) {
        PGresult *r = conn_result(c);

        if (!r)
            return lost(w);
        note_outcome(w, &c->pending[i], r);
        if (last && i + 1 == c->pending_count)
            *last = arena_owns(w->arena, r, (void (*)(void *))PQclear);
        else
            hand_over(w, i, r);
        while ((r = conn_result(c)))
            PQclear(r);
        if (c->broken)
            return lost(w);
    }
    c->pending_count = 0;
    w->transaction->expected = NULL;
    return (int)w->fault;
}

int pipeline_end(struct work *w, PGresult **last)
{
    struct sql_conn *c = connection(w);
    PGresult *r;
    bool end = false;

    if (!PQpipelineSync(c->pg))
        return lost(w);
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
    return c->broken ? lost(w) : (int)w->fault;
}

int pipeline_send(struct work *w, const char *name, const char *sql, int n, const char *const *values)
{
    struct sql_conn *c;

    TRY(pipeline_open(w));
    c = connection(w);
    if (c->pending_count > PENDING_MAX - ROOM)
        TRY(PQsendFlushRequest(c->pg) ? read_results(w, NULL) : lost(w));
    return begin(w) && statement_send(c, name, sql, n, values) ? OK : lost(w);
}

void pipeline_expect(struct work *w, void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    struct expected *e = arena_alloc(w->arena, sizeof *e), **end = &w->transaction->expected;

    *e = (struct expected){NULL, connection(w)->pending_count - 1, take, into};
    while (*end)
        end = &(*end)->next;
    *end = e;
}

/* A work that only reads sends nothing more, so it reads up to a synchronisation point. */
int pipeline_read(struct work *w, PGresult **last)
{
    if (!w->writes)
        return pipeline_end(w, last);
    return PQsendFlushRequest(connection(w)->pg) ? read_results(w, last) : lost(w);
}

/* --- the end of the transaction ------------------------------------------------------------------------ */

int pipeline_commit(struct work *w)
{
    struct sql_conn *c = connection(w);

    c->committing = c->begun && !c->failed && !c->broken;
    if (c->committing && !statement_send(c, "commit", "commit", 0, NULL))
        lost(w);
    crash_point("work.committing");
    if (!c->broken)
        pipeline_end(w, NULL);
    crash_point("work.committed");
    if (!c->broken)
        c->begun = c->begun && c->failed;
    if (w->fault)
        pipeline_rollback(w);
    transaction_release(w);
    return (int)w->fault;
}

static void send_rollback(struct work *w, struct sql_conn *c)
{
    c->class = UNKNOWN;
    if (c->broken || !c->begun)
        return;
    pipeline_end(w, NULL);
    c->failed = false;
    if (!c->broken && statement_send(c, "rollback", "rollback", 0, NULL))
        pipeline_end(w, NULL);
}

void pipeline_rollback(struct work *w)
{
    struct transaction *t = transaction_of(w);
    enum fault kept = w->fault;

    t->queued = NULL;
    if (!t->connection)
        return;
    send_rollback(w, t->connection);
    if (kept)
        w->fault = kept;
    transaction_release(w);
}
