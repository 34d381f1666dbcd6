#include "outbox.h"

#include <string.h>

#include "model.h"
#include "sql.h"
#include "transaction.h"
#include "work.h"

struct signal outbox_signal = SIGNAL_INIT;
struct signal feed_signal = SIGNAL_INIT;

static const char *source;

/* Announcements wait until the response is read or the transaction ends, so that an event shows the aggregate
 * as the whole work left it, whatever the order of the handler's steps. */
struct announcement {
    struct announcement *next;
    const struct resource *resource;
    const char *type, *ids; /* a PostgreSQL array, or the key itself if it is of one */
    bool of_one;
    enum { RAISES, RAISED, NEW } version; /* it is to be raised, it was, or it is 1 */
};

/* Of a transaction. */
struct outbox {
    struct announcement *first;
};

static int flush(struct work *w, void *state);
static void committed(struct work *w, void *state);
static struct work_hook hook = {
    .size = sizeof(struct outbox), .before_commit = flush, .after_commit = committed};

void outbox_open(const char *service)
{
    source = service;
    work_hook(&hook);
}

const char *event_type(struct work *w, const char *rest)
{
    return textf(w, "%s.%s", source, rest);
}

static const char *cast_of(const struct resource *r)
{
    return r->key ? "text" : "uuid";
}

/* The condition on the key: the plan for one key is cheaper than that for an array. */
static const char *chosen(struct work *w, const struct announcement *a, int parameter)
{
    const char *cast = cast_of(a->resource);

    return a->of_one ? textf(w, "= batch.p%d::%s", parameter, cast)
                     : textf(w, "= any(batch.p%d::%s[])", parameter, cast);
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Those of one aggregate may be batched with those of other requests. Head and tail: sql_batched_text(). */
static int write(struct work *w, const struct announcement *a, int n, const char *head, const char *tail,
                 const char *const *values)
{
    const struct query *q = sql_batched_text(w, n, head, tail);

    return a->of_one ? sql_exec(w, q, values) : sql_exec_text(w, q->sql, n, values);
}

static int raise_version(struct work *w, const struct announcement *a)
{
    const struct resource *r = a->resource;

    return write(w, a, 1, textf(w, "update %s set version = version + 1, updated_at = now() from ", r->table),
                 textf(w, " where %s %s", resource_key(r), chosen(w, a, 1)), &a->ids);
}

/* What this work inserted has version 1, without a look at its row. An id made here costs a tenth of what
 * uuid_v7() does. */
static int write_events(struct work *w, const struct announcement *a)
{
    const struct resource *r = a->resource;
    const char *values[] = {a->of_one ? new_id(w) : NULL, a->type, r->aggregate, w->actor, w->trace, a->ids};
    bool is_new = a->version == NEW;
    const char *head = textf(w,
                             "insert into event (id, type, aggregate, aggregate_id, version, actor, trace, "
                             "data, private) select coalesce(batch.p1::uuid, uuid_v7()), batch.p2, batch.p3, "
                             "e.id::text, %s, batch.p4, batch.p5, e.doc, e.private from ",
                             is_new ? "1" : "t.version");
    const char *versions = textf(w, " join %s t on t.%s = e.id", r->table, resource_key(r));

    return write(
        w, a, COUNT(values), head,
        textf(w, " join %s_event e on e.id %s%s", r->aggregate, chosen(w, a, 6), is_new ? "" : versions),
        values);
}

static int flush(struct work *w, void *state)
{
    struct outbox *o = state;

    for (; o->first; o->first = o->first->next) {
        const struct announcement *a = o->first;

        if (a->version == RAISES)
            TRY(raise_version(w, a));
        TRY(write_events(w, a));
    }
    return OK;
}

/* It may have written events. */
static void committed(struct work *w, void *state)
{
    (void)w, (void)state;
    signal_raise(&outbox_signal);
}

/* --- announcing ----------------------------------------------------------------------------------------- */

static int queue(struct work *w, struct announcement said, const char *aggregate)
{
    struct outbox *o = work_hook_state(w, &hook);
    struct announcement *a, **end = &o->first;

    if (!said.ids || (!said.of_one && strcmp(said.ids, "{}") == 0))
        return OK;
    a = arena_alloc(w->arena, sizeof *a);
    *a = said;
    a->resource = model_of_aggregate(aggregate);
    while (*end)
        end = &(*end)->next;
    *end = a;
    return OK;
}

int announce(struct work *w, const char *type, const char *aggregate, const char *id)
{
    return queue(w, (struct announcement){.type = type, .ids = id, .of_one = true, .version = RAISES},
                 aggregate);
}

int announce_all(struct work *w, const char *type, const char *aggregate, const char *ids)
{
    return queue(w, (struct announcement){.type = type, .ids = ids, .version = RAISES}, aggregate);
}

int announce_raised(struct work *w, const char *type, const char *aggregate, const char *ids)
{
    return queue(w, (struct announcement){.type = type, .ids = ids, .version = RAISED}, aggregate);
}

int announce_new(struct work *w, const char *type, const char *aggregate, const char *ids)
{
    return queue(
        w, (struct announcement){.type = type, .ids = ids, .of_one = ids && *ids != '{', .version = NEW},
        aggregate);
}
