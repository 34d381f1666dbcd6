#include "sql.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "group_commit.h"
#include "hash.h"
#include "log.h"
#include "pipeline.h"
#include "pool.h"
#include "statement.h"
#include "transaction_state.h"
#include "work.h"
#include "write_batch.h"

/* --- batched or alone ---------------------------------------------------------------------------------- */

/* A request that writes queues its statements until it waits for something, as long as all of them can be
 * batched. */
static bool may_batch(struct work *w)
{
    const struct transaction *t = transaction_of(w);

    return w->kind == REQUEST && w->writes && !w->dry_run && !t->connection && !t->unbatched;
}

/* Over the work's own connection from now on. */
static int go_alone(struct work *w)
{
    struct transaction *t = transaction_of(w);
    struct queued_statement *s = t->queued;

    t->queued = NULL;
    TRY(pipeline_open(w));
    for (; s; s = s->next) {
        TRY(pipeline_send(w, s->query->name, s->query->sql, s->query->parameters, s->values));
        if (s->take)
            pipeline_expect(w, s->take, s->into);
    }
    return OK;
}

static int send_query(struct work *w, const struct query *q, const char *const *values,
                      void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    if (may_batch(w) && write_batch_add(w, q, values, take, into))
        return OK;
    TRY(go_alone(w));
    TRY(pipeline_send(w, q->name, q->sql, q->parameters, values));
    if (take)
        pipeline_expect(w, take, into);
    return OK;
}

/* Outside of the transaction, which has not begun. */
static int read_alone(struct work *w)
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

/* --- calls of generated code and of common/ ------------------------------------------------------------ */

int sql_exec(struct work *w, const struct query *q, const char *const *values)
{
    return send_query(w, q, values, NULL, NULL);
}

int sql_deferred(struct work *w, const struct query *q, const char *const *values,
                 void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    return send_query(w, q, values, take, into);
}

int sql_fetch(struct work *w, const struct query *q, const char *const *values, PGresult **result)
{
    *result = NULL;
    if (may_batch(w) && !w->transaction->queued && write_batch_add(w, q, values, take_result, result))
        return group_commit_submit(w, false, read_alone);
    TRY(go_alone(w));
    TRY(pipeline_send(w, q->name, q->sql, q->parameters, values));
    return pipeline_read(w, result);
}

int sql_sync(struct work *w)
{
    struct transaction *t = transaction_of(w);

    if (t->queued)
        TRY(go_alone(w));
    if (!t->expected)
        return (int)w->fault;
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

int sql_plan_by_value(struct work *w)
{
    static const struct query by_value = {
        "by_value", 0, "select set_config('plan_cache_mode', 'force_custom_plan', true)", NULL};

    return sql_exec(w, &by_value, NULL);
}

/* --- statements made of a table's rows ----------------------------------------------------------------- */

static struct query query_of(struct work *w, const char *sql, int n)
{
    uint64_t a = hash_text(sql), b = hash_text_from(a, sql);

    return (struct query){textf(w, "t%016" PRIx64 "%016" PRIx64, a, b), n, sql, NULL};
}

int sql_exec_text(struct work *w, const char *sql, int n, const char *const *values)
{
    const struct query q = query_of(w, sql, n);

    return sql_exec(w, &q, values);
}

int sql_fetch_text(struct work *w, const char *sql, int n, const char *const *values, PGresult **result)
{
    const struct query q = query_of(w, sql, n);

    return sql_fetch(w, &q, values, result);
}

/* The row `batch` of one work, whose columns are its parameters. */
static const char *one_row(struct work *w, int n)
{
    struct text t = text_new(w->arena);

    text_add(&t, "(select ");
    for (int i = 1; i <= n; i++)
        text_addf(&t, "$%d::text as p%d, ", i, i);
    text_add(&t, "1 as row_no) batch");
    return t.bytes;
}

/* A row of `batch` for each of several works. */
static const char *row_of_each(struct work *w, int n)
{
    struct text t = text_new(w->arena);

    text_add(&t, "unnest(");
    for (int i = 1; i <= n; i++)
        text_addf(&t, "%s$%d::text[]", i > 1 ? ", " : "", i);
    text_add(&t, ") with ordinality batch(");
    for (int i = 1; i <= n; i++)
        text_addf(&t, "p%d, ", i);
    text_add(&t, "row_no)");
    return t.bytes;
}

const struct query *sql_batched_text(struct work *w, int n, const char *head, const char *tail)
{
    struct query *q = arena_alloc(w->arena, sizeof *q);

    *q = query_of(w, textf(w, "%s%s%s", head, one_row(w, n), tail), n);
    q->batched = textf(w, "%s%s%s", head, row_of_each(w, n), tail);
    return q;
}

/* --- the end of the transaction ------------------------------------------------------------------------ */

static int commit_alone(struct work *w)
{
    if (go_alone(w) == OK)
        return pipeline_commit(w);
    pipeline_rollback(w);
    return (int)w->fault;
}

int sql_commit(struct work *w)
{
    const struct transaction *t = transaction_of(w);

    if (!w->writes)
        return (int)w->fault;
    if (t->queued)
        return group_commit_submit(w, true, commit_alone);
    return t->connection ? pipeline_commit(w) : (int)w->fault;
}

void sql_rollback(struct work *w)
{
    pipeline_rollback(w);
}

void sql_release(struct work *w)
{
    transaction_release(w);
}

/* --- start and stop ------------------------------------------------------------------------------------ */

static bool prepare_one(struct work *w, const struct query *q)
{
    struct sql_conn *c = w->transaction->connection;

    if (!statement_prepare(c, q->name, q->sql, q->parameters))
        return false;
    if (q->batched && !statement_prepare(c, textf(w, "%s batched", q->name), q->batched, q->parameters))
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

void sql_close(void)
{
    conn_pool_close();
}
