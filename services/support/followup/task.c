#include "task.h"

#include "config.h"
#include "deadline.h"
#include "outbox.h"
#include "resource.h"
#include "task_queries.h"

const struct step task_flow[] = {
    {"open|assigned", "assign", "assigned", NULL, "support.task.assigned"},
    {"open|assigned", "complete", "done", NULL, "support.task.done"},
    {0},
};

enum { DAY_SECONDS = 86400 };

int task_follow_up(struct work *w, const char *shipped)
{
    struct task_follow_up_row made;

    if (!shipped)
        return OK;
    TRY(q_task_follow_up(w, shipped, config_int("FOLLOW_UP_SECONDS", 3 * DAY_SECONDS), &made));
    TRY(deadline_at_all(w, "task_due", made.deadlines));
    return announce_new(w, "support.task.opened", "task", made.ids);
}

int task_create(struct work *w)
{
    const char *id = new_id(w);

    TRY(q_task_insert(w, id, in_str(w, "kind"), in_str(w, "order_id"), in_str(w, "shipment_id"),
                      in_str(w, "owner"), in_str(w, "due_at"), in_str(w, "note"), w->actor));
    TRY(deadline_at(w, "task_due", id, in_str(w, "due_at")));
    TRY(announce_new(w, "support.task.opened", "task", id));
    return reply_resource(w, "tasks", id);
}

static int call_again(struct work *w, const char *first, const char *due_at)
{
    const char *id = new_id(w);

    TRY(q_task_again(w, id, first, due_at, w->actor));
    TRY(deadline_at(w, "task_due", id, due_at));
    return announce_new(w, "support.task.opened", "task", id);
}

int task_complete(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "task", id, "complete"));
    TRY(q_task_done(w, id, in_str(w, "outcome"), w->actor));
    TRY(deadline_met(w, "task_due", id));
    if (in_has(w, "again_at"))
        TRY(call_again(w, id, in_str(w, "again_at")));
    return reply_resource(w, "tasks", id);
}

/* Not done in time: it is marked, told, and stands before the head from now on. */
int task_overdue(struct work *w)
{
    const char *id = in_str(w, "aggregate_id");
    int64_t late;

    TRY(q_task_late(w, id, &late));
    return late ? announce(w, "support.task.overdue", "task", id) : OK;
}
