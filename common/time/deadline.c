#include "deadline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "deadline_queries.h"
#include "idempotency_queries.h"
#include "inbox_queries.h"
#include "log.h"
#include "metrics.h"
#include "sql.h"
#include "thread.h"

/* So many are written in one statement at most. */
enum { POLL_MS = 250, TOGETHER = 16 };

static struct {
    const struct deadline *rows;
    pthread_t thread;
    atomic_bool stopping;
    bool untidy; /* there may be more to clear away */
} runner;

/* --- setting and meeting -------------------------------------------------------------------------------- */

/* Those set by seconds wait for each other: each of them in a statement of its own costs twice as much. */
struct pending_deadline {
    struct pending_deadline *next;
    const char *kind, *aggregate_id, *seconds;
};

static struct pending_deadline *wish_of(struct work *w, const char *kind, const char *aggregate_id)
{
    struct pending_deadline *d = w->deadlines;

    while (d && (strcmp(d->kind, kind) != 0 || strcmp(d->aggregate_id, aggregate_id) != 0))
        d = d->next;
    return d;
}

int deadline_set(struct work *w, const char *kind, const char *aggregate_id, int64_t seconds)
{
    struct pending_deadline *d = wish_of(w, kind, aggregate_id);

    if (!d) {
        d = arena_alloc(w->arena, sizeof *d);
        *d = (struct pending_deadline){w->deadlines, kind, aggregate_id, NULL};
        w->deadlines = d;
        w->deadline_count++;
    }
    d->seconds = sql_from_int(w, seconds);
    return w->deadline_count < TOGETHER ? OK : deadline_flush(w);
}

/* One statement for each number of deadlines: PostgreSQL plans values cheaper than arrays. */
int deadline_flush(struct work *w)
{
    const char *values[TOGETHER * 4];
    struct text sql = text_new(w->arena);
    int n = 0;

    if (!w->deadlines)
        return OK;
    text_add(&sql, "insert into deadline (id, kind, aggregate_id, due_at) "
                   "select d.id, d.kind, d.aggregate_id, now() + d.seconds * interval '1 second' "
                   "from " SQL_EACH " cross join lateral (values ");
    for (const struct pending_deadline *d = w->deadlines; d; d = d->next) {
        text_addf(&sql, "%s($%d::uuid, $%d::text, $%d::text, $%d::bigint)", n ? ", " : "", n + 1, n + 2,
                  n + 3, n + 4);
        values[n++] = new_id(w);
        values[n++] = d->kind;
        values[n++] = d->aggregate_id;
        values[n++] = d->seconds;
    }
    text_add(&sql, ") d(id, kind, aggregate_id, seconds) on conflict on constraint deadline_once do update "
                   "set due_at = excluded.due_at, "
                   "state = 'open', attempts = 0, closed_at = null");
    w->deadlines = NULL;
    w->deadline_count = 0;
    return sql_exec_text(w, sql.bytes, n, values);
}

int deadline_at_all(struct work *w, const char *kind, const char *rows)
{
    TRY(deadline_flush(w));
    return q_deadlines_put(w, kind, rows);
}

int deadline_at(struct work *w, const char *kind, const char *aggregate_id, const char *due_at)
{
    return deadline_at_all(w, kind, textf(w, "[{\"id\":\"%s\",\"due_at\":\"%s\"}]", aggregate_id, due_at));
}

int deadline_met_all(struct work *w, const char *kind, const char *aggregate_ids)
{
    TRY(deadline_flush(w));
    return q_deadline_drop(w, kind, aggregate_ids);
}

int deadline_met(struct work *w, const char *kind, const char *aggregate_id)
{
    return deadline_met_all(w, kind, textf(w, "{\"%s\"}", aggregate_id));
}

/* --- when they are over ---------------------------------------------------------------------------------- */

static const struct deadline *row_of(const char *kind)
{
    const struct deadline *d = runner.rows;

    while (d && d->kind && strcmp(d->kind, kind) != 0)
        d++;
    return d && d->kind ? d : NULL;
}

/* The deadline at hand, for what is done about it after its transaction. */
static _Thread_local char claimed[40];

/* It was met or moved while the handler waited for the aggregate: what the handler did is taken back, in silence. */
static int too_late(struct work *w)
{
    claimed[0] = '\0';
    return fail(w, CONFLICT, "deadline.moved", "The deadline was met or moved meanwhile.");
}

/* Claim the deadline that is longest over and do what it asks, in one transaction. */
static int fire_one(struct work *w)
{
    struct deadline_claim_row row;
    const struct deadline *d;
    int64_t still_due;

    claimed[0] = '\0';
    TRY(q_deadline_claim(w, &row));
    if (!row.found)
        return OK;
    strncpy(claimed, row.id, sizeof claimed - 1);
    d = row_of(row.kind);
    w->in =
        arena_owns(w->arena, json_pack("{s:s, s:s}", "aggregate_id", row.aggregate_id, "due_at", row.due_at),
                   (void (*)(void *))json_decref);
    if (d)
        TRY(d->handler(w));
    TRY(deadline_flush(w));
    TRY(q_deadline_fired(w, row.id, row.due_at, &still_due));
    return still_due ? OK : too_late(w);
}

static int reschedule(struct work *w)
{
    return q_deadline_later(w, claimed);
}

static int run_job(const char *name, int (*f)(struct work *), struct work *w)
{
    work_begin(w, JOB, name);
    return work_run(w, f, NULL);
}

static bool fire(void)
{
    struct work w;
    int fault = run_job("deadline", fire_one, &w);

    if (fault != OK && fault != BUSY && *claimed)
        log_error(w.trace, "deadline.failed", "%s", w.code ? w.code : "");
    work_end(&w);
    if (fault == OK) {
        metrics_add(DEADLINES_FIRED, *claimed != '\0');
        return *claimed != '\0';
    }
    if (fault != BUSY && *claimed) {
        run_job("deadline", reschedule, &w);
        work_end(&w);
    }
    return false;
}

/* Old idempotency and inbox rows go, a thousand of each at a time. */
static int purge_expired(struct work *w)
{
    int64_t answers, news;

    TRY(q_idempotency_forget(w, &answers));
    TRY(q_inbox_forget(w, &news));
    runner.untidy = answers + news > 0;
    return OK;
}

static void *run(void *unused)
{
    int64_t pause = config_int("TIDY_SECONDS", 600) * 1000, next_tidy = clock_ms() + pause;

    (void)unused;
    thread_set_name("deadlines");
    while (!atomic_load(&runner.stopping)) {
        if (fire())
            continue;
        if (clock_ms() > next_tidy) {
            struct work w;

            runner.untidy = false;
            run_job("purge_expired", purge_expired, &w);
            work_end(&w);
            next_tidy = clock_ms() + (runner.untidy ? 0 : pause);
        }
        usleep(POLL_MS * 1000);
    }
    return NULL;
}

void deadline_start(const struct deadline *rows)
{
    runner.rows = rows;
    pthread_create(&runner.thread, NULL, run, NULL);
}

void deadline_stop(void)
{
    atomic_store(&runner.stopping, true);
    pthread_join(runner.thread, NULL);
}
