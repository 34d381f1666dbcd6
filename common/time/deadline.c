#include "deadline.h"

#include <string.h>

#include "clock.h"
#include "config.h"
#include "deadline_queries.h"
#include "log.h"
#include "metrics.h"
#include "row.h"
#include "runner.h"
#include "sql.h"
#include "transaction.h"

/* So many are written in one statement at most. */
enum { POLL_MS = 250, TOGETHER = 16 };

/* --- setting and meeting -------------------------------------------------------------------------------- */

/* Those that are set by seconds are written together at the end of the transaction: a statement for each
 * costs twice as much. */
struct pending_deadline {
    const char *kind, *aggregate_id, *seconds;
};

struct pending_deadlines {
    struct pending_deadline all[TOGETHER];
    int count;
};

static int flush(struct work *w, void *state);
static struct work_hook hook = {.size = sizeof(struct pending_deadlines), .before_commit = flush};

void deadline_open(void)
{
    work_hook(&hook);
}

static struct pending_deadline *pending(struct pending_deadlines *p, const char *kind, const char *id)
{
    for (int i = 0; i < p->count; i++) {
        if (strcmp(p->all[i].kind, kind) == 0 && strcmp(p->all[i].aggregate_id, id) == 0)
            return &p->all[i];
    }
    p->all[p->count] = (struct pending_deadline){kind, id, NULL};
    return &p->all[p->count++];
}

int deadline_set(struct work *w, const char *kind, const char *aggregate_id, int64_t seconds)
{
    struct pending_deadlines *p = work_hook_state(w, &hook);

    pending(p, kind, aggregate_id)->seconds = sql_from_int(w, seconds);
    return p->count < TOGETHER ? OK : flush(w, p);
}

/* One statement for each number of deadlines: PostgreSQL plans values cheaper than arrays. */
static int flush(struct work *w, void *state)
{
    struct pending_deadlines *p = state;
    const char *values[TOGETHER * 4];
    struct text rows = text_new(w->arena);
    int n = 0;

    if (!p->count)
        return OK;
    text_add(&rows, " cross join lateral (values ");
    for (const struct pending_deadline *d = p->all; d < p->all + p->count; d++) {
        text_addf(&rows, "%s(batch.p%d::uuid, batch.p%d, batch.p%d, batch.p%d::bigint)", n ? ", " : "", n + 1,
                  n + 2, n + 3, n + 4);
        values[n++] = new_id(w);
        values[n++] = d->kind;
        values[n++] = d->aggregate_id;
        values[n++] = d->seconds;
    }
    text_add(&rows, ") d(id, kind, aggregate_id, seconds) on conflict on constraint deadline_once do update "
                    "set due_at = excluded.due_at, state = 'open', attempts = 0, closed_at = null");
    p->count = 0;
    return sql_exec(w,
                    sql_batched_text(w, n,
                                     "insert into deadline (id, kind, aggregate_id, due_at) "
                                     "select d.id, d.kind, d.aggregate_id, "
                                     "now() + d.seconds * interval '1 second' from ",
                                     rows.bytes),
                    values);
}

static int flush_pending(struct work *w)
{
    return flush(w, work_hook_state(w, &hook));
}

int deadline_at_all(struct work *w, const char *kind, const char *rows)
{
    TRY(flush_pending(w));
    return q_deadlines_put(w, kind, rows);
}

int deadline_at(struct work *w, const char *kind, const char *aggregate_id, const char *due_at)
{
    return deadline_at_all(w, kind, textf(w, "[{\"id\":\"%s\",\"due_at\":\"%s\"}]", aggregate_id, due_at));
}

int deadline_met_all(struct work *w, const char *kind, const char *aggregate_ids)
{
    TRY(flush_pending(w));
    return q_deadline_drop(w, kind, aggregate_ids);
}

int deadline_met(struct work *w, const char *kind, const char *aggregate_id)
{
    return deadline_met_all(w, kind, textf(w, "{\"%s\"}", aggregate_id));
}

/* --- when they are over -------------------------------------------------------------------------------- */

/* What a due deadline is for, and which one was claimed: "" for none. The context of the works below. */
struct due {
    const struct deadline *rows;
    char id[40];
};

/* It was met or moved while the handler waited for the aggregate: what the handler did is undone, without a
 * log line. */
static int too_late(struct work *w, struct due *due)
{
    due->id[0] = '\0';
    return fail(w, CONFLICT, "deadline.moved", "The deadline has been met or changed.");
}

/* Claim the deadline that has been due longest and run its handler, in one transaction. */
static int fire_one(struct work *w)
{
    struct due *due = w->context;
    struct deadline_claim_row row;
    const struct deadline *d;
    int64_t still_due;

    due->id[0] = '\0';
    TRY(q_deadline_claim(w, &row));
    if (!row.found)
        return OK;
    strncpy(due->id, row.id, sizeof due->id - 1);
    d = row_by(due->rows, kind, row.kind);
    w->in = json_owned(w, json_pack("{s:s, s:s}", "aggregate_id", row.aggregate_id, "due_at", row.due_at));
    if (d)
        TRY(d->handler(w));
    TRY(flush_pending(w));
    TRY(q_deadline_fired(w, row.id, row.due_at, &still_due));
    return still_due ? OK : too_late(w, due);
}

static int reschedule(struct work *w)
{
    const struct due *due = w->context;

    return q_deadline_later(w, due->id);
}

static int run_job(struct due *due, int (*f)(struct work *), struct work *w)
{
    work_begin(w, JOB, "deadline");
    w->context = due;
    return work_run(w, f, NULL);
}

/* True when there may be more to do at once. */
static bool fire(struct due *due)
{
    struct work w;
    int fault = run_job(due, fire_one, &w);
    bool claimed = *due->id;

    if (fault != OK && fault != BUSY && claimed)
        log_error(w.trace, "deadline.failed", "%s", w.code ? w.code : "");
    work_end(&w);
    if (fault == OK) {
        metrics_add(DEADLINES_FIRED, claimed);
        return claimed;
    }
    if (fault != BUSY && claimed) {
        run_job(due, reschedule, &w);
        work_end(&w);
    }
    return false;
}

static void run(struct runner *r)
{
    struct due due = {.rows = r->context};

    while (!runner_stopping(r)) {
        if (!fire(&due))
            runner_sleep(r, POLL_MS);
    }
}

void deadline_start(const struct deadline *rows)
{
    static struct runner runner = {.name = "deadlines", .run = run};

    runner.context = (void *)(uintptr_t)rows;
    runner_start(&runner);
}
