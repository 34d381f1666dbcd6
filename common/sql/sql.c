#include "sql.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cargo.h"
#include "convoy.h"
#include "crash.h"
#include "fault.h"
#include "log.h"
#include "pipeline.h"
#include "pool.h"
#include "statement.h"
#include "work.h"

/* --- in company ------------------------------------------------------------------------------------------ */

/* A request that changes something keeps its statements until it waits for one, and if that is the commit, it goes with
 * others. */
static bool waits_for_company(const struct work *w)
{
    return w->kind == REQUEST && w->writes && !w->db && !w->dry_run && !w->alone;
}

/* Over a connection of its own from now on. */
static int go_alone(struct work *w)
{
    struct cargo *c = w->cargo;

    w->cargo = NULL;
    TRY(pipeline_open(w));
    for (; c; c = c->next) {
        TRY(pipeline_send(w, c->name, c->sql, c->n, c->values));
        if (c->take)
            pipeline_expect(w, c->take, c->into);
    }
    return OK;
}

static int send_statement(struct work *w, const char *name, const char *sql, int n, const char *const *values)
{
    if (waits_for_company(w) && cargo_load(w, name, sql, n, values))
        return OK;
    TRY(go_alone(w));
    return pipeline_send(w, name, sql, n, values);
}

/* The statement that was sent or loaded last. */
static void answer_to(struct work *w, void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    struct cargo *c = w->cargo;

    if (!c) {
        pipeline_expect(w, take, into);
        return;
    }
    while (c->next)
        c = c->next;
    c->take = take;
    c->into = into;
}

/* Outside of the transaction, which has not begun. */
static int ask_alone(struct work *w)
{
    w->writes = false;
    if (go_alone(w) == OK)
        sql_sync(w);
    w->writes = true;
    sql_release(w);
    return (int)w->fault;
}

static void take_result(struct work *w, PGresult *r, void *result)
{
    (void)w;
    *(PGresult **)result = r;
}

static int fetch(struct work *w, const char *name, const char *sql, int n, const char *const *values,
                 PGresult **result)
{
    *result = NULL;
    if (waits_for_company(w) && !w->cargo && cargo_load(w, name, sql, n, values)) {
        answer_to(w, take_result, result);
        return convoy_travel(w, false, ask_alone);
    }
    TRY(go_alone(w));
    TRY(pipeline_send(w, name, sql, n, values));
    return pipeline_read(w, result);
}

/* --- what generated code and machinery call ------------------------------------------------------------ */

int sql_exec(struct work *w, const struct query *q, const char *const *values)
{
    return send_statement(w, q->name, q->sql, q->parameters, values);
}

int sql_fetch(struct work *w, const struct query *q, const char *const *values, PGresult **result)
{
    return fetch(w, q->name, q->sql, q->parameters, values, result);
}

int sql_deferred(struct work *w, const struct query *q, const char *const *values,
                 void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    TRY(sql_exec(w, q, values));
    answer_to(w, take, into);
    return OK;
}

int sql_sync(struct work *w)
{
    if (w->cargo)
        TRY(go_alone(w));
    if (!w->awaited)
        return w->fault;
    return pipeline_read(w, NULL);
}

int sql_count(struct work *w, const struct query *q, const char *const *values, int64_t *count)
{
    PGresult *r;

    TRY(sql_fetch(w, q, values, &r));
    *count = strtoll(PQcmdTuples(r), NULL, 10);
    return OK;
}

int sql_json(struct work *w, const struct query *q, const char *const *values, const char **json)
{
    PGresult *r;

    TRY(sql_fetch(w, q, values, &r));
    TRY(sql_only_row(w, r));
    *json = sql_text(r, 0, 0);
    return OK;
}

static const char *name_of_text(struct work *w, const char *sql)
{
    uint64_t h = 14695981039346656037u, g = 1099511628211u;

    for (const char *p = sql; *p; p++) {
        h = (h ^ (unsigned char)*p) * 1099511628211u;
        g = (g + (unsigned char)*p) * 6364136223846793005u;
    }
    return textf(w, "t%016" PRIx64 "%016" PRIx64, h, g);
}

int sql_exec_text(struct work *w, const char *sql, int n, const char *const *values)
{
    return send_statement(w, name_of_text(w, sql), sql, n, values);
}

int sql_deferred_text(struct work *w, const char *sql, int n, const char *const *values,
                      void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    TRY(sql_exec_text(w, sql, n, values));
    answer_to(w, take, into);
    return OK;
}

int sql_fetch_text(struct work *w, const char *sql, int n, const char *const *values, PGresult **result)
{
    return fetch(w, name_of_text(w, sql), sql, n, values, result);
}

static void take_last(struct work *w, PGresult *r, void *unused)
{
    (void)unused;
    w->last_rows = r;
}

int sql_last_text(struct work *w, const char *sql, int n, const char *const *values)
{
    return sql_deferred_text(w, sql, n, values, take_last, NULL);
}

int sql_plan_by_value(struct work *w)
{
    return send_statement(w, "by_value", "select set_config('plan_cache_mode', 'force_custom_plan', true)", 0,
                          NULL);
}

int sql_only_row(struct work *w, const PGresult *r)
{
    return PQntuples(r) > 0 ? OK : not_found(w);
}

/* --- the end of the transaction ------------------------------------------------------------------------ */

/* A connection lost in here leaves the outcome unknown: the caller hears 503 and the same idempotency key tells
 * the truth later. */
static int commit(struct work *w)
{
    w->db->committing = w->db->begun && !w->db->failed && !w->db->broken;
    if (w->db->committing && !statement_send(w->db, "commit", "commit", 0, NULL))
        return pipeline_lost(w);
    crash_point("work.committing");
    pipeline_end(w, NULL);
    crash_point("work.committed");
    if (!w->db->broken)
        w->db->begun = w->db->begun && w->db->failed;
    if (w->fault)
        sql_rollback(w);
    sql_release(w);
    return w->fault;
}

static int commit_alone(struct work *w)
{
    if (go_alone(w) == OK)
        return commit(w);
    sql_rollback(w);
    return (int)w->fault;
}

int sql_commit(struct work *w)
{
    if (!w->writes)
        return w->fault;
    if (w->cargo)
        return convoy_travel(w, true, commit_alone);
    return w->db ? commit(w) : (int)w->fault;
}

void sql_rollback(struct work *w)
{
    enum fault kept = w->fault;

    w->cargo = NULL;
    if (!w->db)
        return;
    w->db->class = UNKNOWN;
    if (!w->db->broken && w->db->begun) {
        pipeline_end(w, NULL);
        w->db->failed = false;
        if (!w->db->broken && statement_send(w->db, "rollback", "rollback", 0, NULL))
            pipeline_end(w, NULL);
    }
    if (kept)
        w->fault = kept;
    sql_release(w);
}

void sql_release(struct work *w)
{
    struct sql_conn *c = w->db;

    if (!c)
        return;
    if (c->pending_count || (c->begun && PQtransactionStatus(c->pg) != PQTRANS_IDLE))
        c->broken = true;
    if (w->fault)
        c->class = UNKNOWN;
    w->db = NULL;
    w->awaited = NULL;
    conn_give(c);
}

/* --- start and readiness ------------------------------------------------------------------------------- */

static bool prepare_one(struct work *w, const struct query *q)
{
    const char *for_several = cargo_statement(w->arena, q->sql, q->parameters);

    if (!statement_prepare(w->db, q->name, q->sql, q->parameters))
        return false;
    if (for_several && !statement_prepare(w->db, cargo_name(w->arena, q->name), for_several, q->parameters))
        return false;
    if (pipeline_end(w, NULL) == OK)
        return true;
    log_error(w->trace, "sql.prepare", "the query %s does not fit the schema", q->name);
    return false;
}

bool sql_prepare_all(const struct query *const *tables)
{
    struct work w;
    bool good;

    work_begin(&w, JOB, "start");
    w.writes = false;
    good = pipeline_open(&w) == OK;
    for (; good && *tables; tables++) {
        for (const struct query *q = *tables; good && q->name; q++)
            good = prepare_one(&w, q);
    }
    work_end(&w);
    return good;
}
