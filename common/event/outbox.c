#include "outbox.h"

#include <string.h>

#include "model.h"
#include "sql.h"
#include "work.h"

struct signal outbox_signal = SIGNAL_INIT;
struct signal feed_signal = SIGNAL_INIT;

static const char *source;

void outbox_open(const char *service)
{
    source = service;
}

const char *event_type(struct work *w, const char *rest)
{
    return textf(w, "%s.%s", source, rest);
}

static const char *cast_of(const struct resource *r)
{
    return r->key ? "text" : "uuid";
}

/* Announcements are written when the response is read or the transaction ends, so that an event shows the
 * aggregate as the whole work left it, whatever the order of the handler's steps. */
struct announcement {
    struct announcement *next;
    const struct resource *resource;
    const char *type, *ids; /* a PostgreSQL array, or the key itself if it is of one */
    bool of_one;
    enum { RAISES, RAISED, NEW } version; /* to be raised, raised already, or 1 */
};

/* The condition on the key: the plan for one key is cheaper than that for an array. */
static const char *key_condition(struct work *w, const struct announcement *a, int parameter)
{
    const char *cast = cast_of(a->resource);

    return a->of_one ? textf(w, "= $%d::%s", parameter, cast) : textf(w, "= any($%d::%s[])", parameter, cast);
}

/* Events of one aggregate may be written in one statement with those of other requests (group commit). */
static const char *source_of(const struct announcement *a)
{
    return a->of_one ? SQL_EACH : "(select) one";
}

void announce_committed(struct work *w)
{
    (void)w;
    signal_raise(&outbox_signal);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static int raise_version(struct work *w, const struct announcement *a)
{
    const struct resource *r = a->resource;

    return sql_exec_text(w,
                         textf(w,
                               "update %s set version = version + 1, updated_at = now() from %s where %s %s",
                               r->table, source_of(a), resource_key(r), key_condition(w, a, 1)),
                         1, &a->ids);
}

/* What this work inserted has version 1 without a look. An id made here costs a tenth of what uuid_v7()
 * does. */
static int write_events(struct work *w, const struct announcement *a)
{
    const struct resource *r = a->resource;
    const char *values[] = {a->of_one ? new_id(w) : NULL, a->type, r->aggregate, w->actor, w->trace, a->ids};
    const char *versions = textf(w, " join %s t on t.%s = e.id", r->table, resource_key(r));
    const char *sql =
        textf(w,
              "insert into event (id, type, aggregate, aggregate_id, version, actor, trace, data, private) "
              "select coalesce($1::uuid, uuid_v7()), $2, $3, e.id::text, %s, $4, $5, e.doc, e.private "
              "from %s join %s_event e on e.id %s%s",
              a->version == NEW ? "1" : "t.version", source_of(a), r->aggregate, key_condition(w, a, 6),
              a->version == NEW ? "" : versions);

    w->announced = true;
    return sql_exec_text(w, sql, COUNT(values), values);
}

/* --- announcing ----------------------------------------------------------------------------------------- */

static int queue(struct work *w, struct announcement said, const char *aggregate)
{
    struct announcement *a, **end = &w->announcements;

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

int announce_flush(struct work *w)
{
    for (; w->announcements; w->announcements = w->announcements->next) {
        const struct announcement *a = w->announcements;

        if (a->version == RAISES)
            TRY(raise_version(w, a));
        TRY(write_events(w, a));
    }
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
