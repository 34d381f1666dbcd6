#include "inbox.h"

#include <string.h>

#include "common_queries.h"
#include "consume.h"
#include "crash.h"
#include "field.h"
#include "gate.h"
#include "work.h"

/* The events of one work, and which of them are applied. */
struct admission {
    const struct consumer *consumer;
    json_t *envelopes, *admitted; /* lists; admitted is NULL until it is known */
    struct heard *heard;          /* the envelopes, sorted */
    enum verdict *verdicts;       /* by "n" */
};

/* --- the version gate ---------------------------------------------------------------------------------- */

static size_t count_of(const struct admission *a)
{
    return json_array_size(a->envelopes);
}

static void hear(struct work *w, struct admission *a)
{
    size_t i;
    json_t *e;

    a->heard = arena_alloc(w->arena, (count_of(a) + 1) * sizeof *a->heard);
    json_array_foreach(a->envelopes, i, e)
    {
        a->heard[i] = (struct heard){.envelope = e,
                                     .aggregate = json_text_in(e, "aggregate"),
                                     .id = json_text_in(e, "aggregate_id"),
                                     .version = json_integer_value(json_object_get(e, "version")),
                                     .place = i};
    }
    gate_sort(a->heard, count_of(a));
}

/* The keys of cursors. */
struct keys {
    struct text aggregates, ids;
};

static void keys_add(struct keys *k, const struct heard *e)
{
    sql_list_add(&k->aggregates, e->aggregate);
    sql_list_add(&k->ids, e->id);
}

/* Of the aggregates, or only of those whose first event is among these. */
static struct keys keys_of(struct work *w, const struct admission *a, bool first_only)
{
    struct keys k = {sql_list(w), sql_list(w)};

    for (size_t i = 0; i < count_of(a); i++) {
        if (gate_begins(a->heard, i) && (!first_only || a->heard[i].version == 1))
            keys_add(&k, &a->heard[i]);
    }
    return k;
}

static int by_key(const struct inbox_cursors_row *cursor, const struct heard *e)
{
    int order = strcmp(cursor->aggregate, e->aggregate);

    return order ? order : strcmp(cursor->aggregate_id, e->id);
}

/* How far their aggregates have come; both are sorted. */
static int look_up(struct work *w, const struct admission *a)
{
    struct keys first = keys_of(w, a, true), all = keys_of(w, a, false);
    const char *consumer = a->consumer->name;
    struct inbox_cursors_row *rows;
    size_t n, at = 0;

    if (!sql_list_empty(&first.ids))
        TRY(q_inbox_open(w, consumer, sql_list_end(&first.aggregates), sql_list_end(&first.ids)));
    TRY(q_inbox_cursors(w, consumer, sql_list_end(&all.aggregates), sql_list_end(&all.ids), &rows, &n));
    for (size_t i = 0; i < count_of(a); i++) {
        struct heard *e = &a->heard[i];

        while (at < n && by_key(&rows[at], e) < 0)
            at++;
        if (at < n && by_key(&rows[at], e) == 0)
            e->last = rows[at].version;
    }
    return OK;
}

/* In the order in which they are to be applied. */
static void admit(struct work *w, struct admission *a)
{
    const struct heard **line = arena_alloc(w->arena, (count_of(a) + 1) * sizeof(struct heard *));

    a->admitted = arena_owns(w->arena, json_array(), (void (*)(void *))json_decref);
    for (size_t i = 0; i < count_of(a); i++)
        line[a->heard[i].place] = &a->heard[i];
    for (size_t i = 0; i < count_of(a); i++) {
        a->verdicts[json_integer_value(json_object_get(line[i]->envelope, "n"))] = line[i]->verdict;
        if (line[i]->verdict == APPLY)
            json_array_append(a->admitted, line[i]->envelope);
    }
}

int event_admit(struct work *w)
{
    struct admission *a = w->admission;

    if (a->admitted)
        return OK;
    hear(w, a);
    TRY(look_up(w, a));
    gate_judge(a->heard, count_of(a));
    admit(w, a);
    crash_point("consume.admitted");
    w->in = a->admitted;
    if (json_array_size(w->in))
        w->trace = json_text_in(json_array_get(w->in, 0), "trace");
    return OK;
}

/* --- applying ------------------------------------------------------------------------------------------ */

/* Its data is checked as a request's body would be, but open to what it does not know. */
static bool fit(struct work *w, const struct consumer *c, const json_t *envelopes)
{
    json_t *e;
    size_t i;

    json_array_foreach(envelopes, i, e)
    {
        if (c->fields)
            field_check(w, json_object_get(e, "data"), c->fields, true);
    }
    return !w->error_count;
}

static void forget_faults(struct work *w)
{
    w->errors = text_new(w->arena);
    w->error_count = 0;
}

/* Only what is applied needs to be without fault: whatever was heard of before may be anything. */
static int check(struct work *w, struct admission *a)
{
    TRY(event_admit(w));
    fit(w, a->consumer, a->admitted);
    return failed_if_any(w, "event.invalid", "An event's data has faults.");
}

static int handle(struct work *w, struct admission *a)
{
    bool early = a->consumer->mode & EARLY && fit(w, a->consumer, a->envelopes);

    if (!early) {
        forget_faults(w);
        TRY(check(w, a));
        if (!json_array_size(a->admitted))
            return OK;
    }
    if (!(a->consumer->mode & BATCH))
        w->in = json_array_get(a->admitted, 0);
    TRY(a->consumer->handler(w));
    return event_admit(w);
}

/* Of its aggregate's. */
static bool last_applied(const struct admission *a, size_t i)
{
    while (++i < count_of(a) && !gate_begins(a->heard, i)) {
        if (a->heard[i].verdict == APPLY)
            return false;
    }
    return true;
}

/* The cursors move on to the last of what was applied. */
static int done(struct work *w, const struct admission *a)
{
    struct keys k = {sql_list(w), sql_list(w)};
    struct text versions = sql_list(w), ids = sql_list(w);

    for (size_t i = 0; i < count_of(a); i++) {
        const struct heard *e = &a->heard[i];

        if (e->verdict != APPLY)
            continue;
        sql_list_add(&ids, json_text_in(e->envelope, "id"));
        if (!last_applied(a, i))
            continue;
        keys_add(&k, e);
        sql_list_add(&versions, sql_from_int(w, e->version));
    }
    if (sql_list_empty(&ids))
        return OK;
    return q_inbox_done(w, a->consumer->name, sql_list_end(&k.aggregates), sql_list_end(&k.ids),
                        sql_list_end(&versions), sql_list_end(&ids));
}

int inbox_apply(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts)
{
    struct admission a = {.consumer = c, .envelopes = envelopes, .verdicts = verdicts};
    int fault;

    w->admission = &a;
    w->in = envelopes;
    fault = handle(w, &a);
    if (fault == OK)
        fault = done(w, &a);
    w->admission = NULL;
    return fault;
}

/* --- what handlers ask of the event they are given ----------------------------------------------------- */

bool event_is(struct work *w, const char *word)
{
    const char *type = json_text_in(w->in, "type"), *last = strrchr(type, '.');

    return last && strcmp(last + 1, word) == 0;
}

const char *event_aggregate_id(struct work *w)
{
    return json_text_in(w->in, "aggregate_id");
}

const char *event_time(struct work *w)
{
    return json_text_in(w->in, "time");
}

const char *event_private(struct work *w)
{
    json_t *private = json_object_get(w->in, "private");

    return private ? json_text(w, private) : NULL;
}

bool event_has(struct work *w, const char *type)
{
    json_t *e;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (strcmp(json_text_in(e, "type"), type) == 0)
            return true;
    }
    return false;
}

const char *event_batch(struct work *w, const char *type)
{
    json_t *list = json_array(), *e, *data;
    const char *text = NULL;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (type && strcmp(json_text_in(e, "type"), type) != 0)
            continue;
        data = json_object_get(e, "data");
        json_object_set(data, "event_type", json_object_get(e, "type"));
        json_object_set(data, "event_time", json_object_get(e, "time"));
        if (json_object_get(e, "private"))
            json_object_set(data, "private", json_object_get(e, "private"));
        json_array_append(list, data);
    }
    if (json_array_size(list))
        text = json_text(w, list);
    json_decref(list);
    return text;
}
