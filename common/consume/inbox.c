#include "inbox.h"

#include <string.h>

#include "consume.h"
#include "consumer_queries.h"
#include "crash.h"
#include "field.h"
#include "inbox_queries.h"
#include "version_gate.h"
#include "work.h"

/* The events of one transaction. */
struct incoming {
    const struct consumer *consumer;
    struct incoming_event *events; /* sorted */
    size_t count;
};

/* --- the version gate ----------------------------------------------------------------------------------- */

static void sort_envelopes(struct work *w, struct incoming *a, const json_t *envelopes)
{
    a->count = json_array_size(envelopes);
    a->events = arena_alloc(w->arena, (a->count + 1) * sizeof *a->events);
    for (size_t i = 0; i < a->count; i++) {
        json_t *e = json_array_get(envelopes, i);

        a->events[i] = (struct incoming_event){.envelope = e,
                                               .aggregate = json_text_in(e, "aggregate"),
                                               .id = json_text_in(e, "aggregate_id"),
                                               .version = json_integer_value(json_object_get(e, "version")),
                                               .place = i,
                                               .rewinds = json_is_true(json_object_get(e, "rewinds"))};
    }
    version_gate_sort(a->events, a->count);
}

/* A list of cursors: aggregates and the version each has reached. */
struct cursors {
    struct text aggregates, ids, versions;
};

static struct cursors cursors_new(struct work *w)
{
    return (struct cursors){sql_list(w), sql_list(w), sql_list(w)};
}

static void cursors_add(struct work *w, struct cursors *c, const struct incoming_event *e, int64_t version)
{
    sql_list_add(&c->aggregates, e->aggregate);
    sql_list_add(&c->ids, e->id);
    sql_list_add(&c->versions, sql_from_int(w, version));
}

static int by_key(const struct inbox_cursors_row *cursor, const struct incoming_event *e)
{
    int order = strcmp(cursor->aggregate, e->aggregate);

    return order ? order : strcmp(cursor->aggregate_id, e->id);
}

/* Copies the cursors to their events; both are sorted. Returns how many cursors were created. */
static size_t take_cursors(const struct incoming *a, const struct inbox_cursors_row *rows, size_t n)
{
    size_t at = 0, created = 0;

    for (size_t i = 0; i < a->count; i++) {
        struct incoming_event *e = &a->events[i];

        while (at < n && by_key(&rows[at], e) < 0)
            at++;
        if (at == n || by_key(&rows[at], e) != 0)
            continue;
        e->last = rows[at].version;
        e->fresh = rows[at].fresh;
        created += e->fresh && version_gate_begins(a->events, i);
    }
    return created;
}

static int query_cursors(struct work *w, const struct incoming *a, struct cursors *new, struct cursors *known,
                         size_t *created)
{
    struct inbox_cursors_row *rows;
    size_t n;

    TRY(q_inbox_cursors(w, a->consumer->name, sql_list_end(&new->aggregates), sql_list_end(&new->ids),
                        sql_list_end(&new->versions), sql_list_end(&known->aggregates),
                        sql_list_end(&known->ids), &rows, &n));
    *created = take_cursors(a, rows, n);
    return OK;
}

/* The cursors that were not created: they were there before, or another instance has created them
 * meanwhile. */
static int read_existing(struct work *w, const struct incoming *a)
{
    struct cursors none = cursors_new(w), known = cursors_new(w);
    size_t created;

    for (size_t i = 0; i < a->count; i++) {
        if (version_gate_begins(a->events, i) && version_gate_opens(&a->events[i]) && !a->events[i].fresh)
            cursors_add(w, &known, &a->events[i], 0);
    }
    return query_cursors(w, a, &none, &known, &created);
}

/* Reads and locks the cursors, creating those of aggregates whose first event is among these. */
static int read_cursors(struct work *w, const struct incoming *a)
{
    struct cursors new = cursors_new(w), known = cursors_new(w);
    size_t first = 0, created;

    for (size_t i = 0; i < a->count; i++) {
        if (!version_gate_begins(a->events, i))
            continue;
        if (version_gate_opens(&a->events[i]))
            cursors_add(w, &new, &a->events[i], version_gate_leads_to(a->events + i, a->count - i));
        else
            cursors_add(w, &known, &a->events[i], 0);
        first += version_gate_opens(&a->events[i]);
    }
    TRY(query_cursors(w, a, &new, &known, &created));
    return created < first ? read_existing(w, a) : OK;
}

/* The envelopes that are applied, in that order; verdicts[n] is set for each of all. */
static json_t *admitted_of(struct work *w, const struct incoming *a, enum verdict *verdicts)
{
    const struct incoming_event **ordered = arena_alloc(w->arena, (a->count + 1) * sizeof *ordered);
    json_t *admitted = json_owned(w, json_array());

    for (size_t i = 0; i < a->count; i++)
        ordered[a->events[i].place] = &a->events[i];
    for (size_t i = 0; i < a->count; i++) {
        verdicts[json_integer_value(json_object_get(ordered[i]->envelope, "n"))] = ordered[i]->verdict;
        if (ordered[i]->verdict == APPLY)
            json_array_append(admitted, ordered[i]->envelope);
    }
    return admitted;
}

/* --- applying ------------------------------------------------------------------------------------------- */

static bool reads_type(const struct consumer *c, const char *type)
{
    bool reads = !c->reads;

    for (const char *const *t = c->reads; t && *t && !reads; t++)
        reads = strcmp(*t, type) == 0;
    return reads;
}

/* Validates the events' data as a request's body is, but for unknown members. Only what is applied must be
 * valid. */
static int check(struct work *w, const struct consumer *c, const json_t *admitted)
{
    json_t *e;
    size_t i;

    json_array_foreach(admitted, i, e)
    {
        if (c->fields && reads_type(c, json_text_in(e, "type")))
            field_check(w, json_object_get(e, "data"), c->fields, true);
    }
    return failed_if_any(w, "event.invalid", "The event's data is invalid.");
}

/* Is it the last one of its aggregate that is applied? */
static bool last_applied(const struct incoming *a, size_t i)
{
    while (++i < a->count && !version_gate_begins(a->events, i)) {
        if (a->events[i].verdict == APPLY)
            return false;
    }
    return true;
}

/* Moves the cursors to the last event applied; those that were created are there already. */
static int record(struct work *w, const struct incoming *a, enum origin origin)
{
    struct cursors moved = cursors_new(w);
    struct text ids = sql_list(w);

    for (size_t i = 0; i < a->count; i++) {
        const struct incoming_event *e = &a->events[i];

        if (e->verdict != APPLY)
            continue;
        sql_list_add(&ids, json_text_in(e->envelope, "id"));
        if (!e->fresh && last_applied(a, i))
            cursors_add(w, &moved, e, e->version);
    }
    if (!sql_list_empty(&moved.ids))
        TRY(q_inbox_move(w, a->consumer->name, sql_list_end(&moved.aggregates), sql_list_end(&moved.ids),
                         sql_list_end(&moved.versions)));
    return origin == REPLAYED ? q_inbox_done_again(w, a->consumer->name, sql_list_end(&ids))
                              : q_inbox_done(w, a->consumer->name, sql_list_end(&ids));
}

/* The transaction that suspends the consumer waits for the lock: from then on no delivered event is
 * applied. */
static int check_suspended(struct work *w, const struct consumer *c, enum origin origin,
                           const struct consumer_suspended_result **state)
{
    static const struct consumer_suspended_result none;

    *state = &none;
    if (origin == REPLAYED)
        return OK;
    TRY(q_consumer_share(w, c->name));
    return q_consumer_suspended(w, c->name, state);
}

int inbox_apply(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts,
                enum origin origin)
{
    const struct consumer_suspended_result *state;
    struct incoming a = {.consumer = c};
    json_t *admitted;

    sort_envelopes(w, &a, envelopes);
    TRY(check_suspended(w, c, origin, &state));
    TRY(read_cursors(w, &a));
    if (state->n && state->rows[0].suspended)
        return fail(w, CONFLICT, "consumer.suspended", "The consumer is paused or replaying.");
    version_gate_decide(a.events, a.count);
    admitted = admitted_of(w, &a, verdicts);
    crash_point("consume.admitted");
    if (!json_array_size(admitted))
        return OK;
    TRY(check(w, c, admitted));
    w->in = c->mode & BATCH ? admitted : json_array_get(admitted, 0);
    w->trace = json_text_in(json_array_get(admitted, 0), "trace");
    TRY(c->handler(w));
    return record(w, &a, origin);
}
