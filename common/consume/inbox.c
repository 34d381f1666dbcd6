#include "inbox.h"

#include <string.h>

#include "consume.h"
#include "crash.h"
#include "field.h"
#include "inbox_queries.h"
#include "version_gate.h"
#include "work.h"

/* The events of one work, and which of them are applied. */
struct admission {
    const struct consumer *consumer;
    json_t *envelopes, *admitted; /* lists; admitted is NULL until it is known */
    struct incoming_event *heard; /* the envelopes, sorted */
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
        a->heard[i] = (struct incoming_event){.envelope = e,
                                              .aggregate = json_text_in(e, "aggregate"),
                                              .id = json_text_in(e, "aggregate_id"),
                                              .version = json_integer_value(json_object_get(e, "version")),
                                              .place = i};
    }
    version_gate_sort(a->heard, count_of(a));
}

/* Of cursors: their keys, and how far they go. */
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

/* Both are sorted. Returns how many cursors were made. */
static size_t note(const struct admission *a, const struct inbox_cursors_row *rows, size_t n)
{
    size_t at = 0, fresh = 0;

    for (size_t i = 0; i < count_of(a); i++) {
        struct incoming_event *e = &a->heard[i];

        while (at < n && by_key(&rows[at], e) < 0)
            at++;
        if (at == n || by_key(&rows[at], e) != 0)
            continue;
        e->last = rows[at].version;
        e->fresh = rows[at].fresh;
        fresh += e->fresh && version_gate_begins(a->heard, i);
    }
    return fresh;
}

static int ask(struct work *w, const struct admission *a, struct cursors *new, struct cursors *known,
               size_t *fresh)
{
    struct inbox_cursors_row *rows;
    size_t n;

    TRY(q_inbox_cursors(w, a->consumer->name, sql_list_end(&new->aggregates), sql_list_end(&new->ids),
                        sql_list_end(&new->versions), sql_list_end(&known->aggregates),
                        sql_list_end(&known->ids), &rows, &n));
    *fresh = note(a, rows, n);
    return OK;
}

/* Their cursors were there before, or somebody else made them meanwhile. */
static int look_again(struct work *w, const struct admission *a)
{
    struct cursors none = cursors_new(w), known = cursors_new(w);
    size_t fresh;

    for (size_t i = 0; i < count_of(a); i++) {
        if (version_gate_begins(a->heard, i) && a->heard[i].version == 1 && !a->heard[i].fresh)
            cursors_add(w, &known, &a->heard[i], 0);
    }
    return ask(w, a, &none, &known, &fresh);
}

/* How far the aggregates have come. */
static int look_up(struct work *w, const struct admission *a)
{
    struct cursors new = cursors_new(w), known = cursors_new(w);
    size_t first = 0, fresh;

    for (size_t i = 0; i < count_of(a); i++) {
        if (!version_gate_begins(a->heard, i))
            continue;
        if (a->heard[i].version == 1)
            cursors_add(w, &new, &a->heard[i], version_gate_leads_to(a->heard + i, count_of(a) - i));
        else
            cursors_add(w, &known, &a->heard[i], 0);
        first += a->heard[i].version == 1;
    }
    TRY(ask(w, a, &new, &known, &fresh));
    return fresh < first ? look_again(w, a) : OK;
}

/* In the order in which they are to be applied. */
static void admit(struct work *w, struct admission *a)
{
    const struct incoming_event **line =
        arena_alloc(w->arena, (count_of(a) + 1) * sizeof(struct incoming_event *));

    a->admitted = json_owned(w, json_array());
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
    struct admission *a = w->context;

    if (a->admitted)
        return OK;
    hear(w, a);
    TRY(look_up(w, a));
    version_gate_decide(a->heard, count_of(a));
    admit(w, a);
    crash_point("consume.admitted");
    w->in = a->admitted;
    if (json_array_size(w->in))
        w->trace = json_text_in(json_array_get(w->in, 0), "trace");
    return OK;
}

/* --- applying ------------------------------------------------------------------------------------------ */

bool inbox_reads(const struct consumer *c, const char *type)
{
    bool reads = !c->reads;

    for (const char *const *t = c->reads; t && *t && !reads; t++)
        reads = strcmp(*t, type) == 0;
    return reads;
}

/* Its data is checked as a request's body would be, but open to what it does not know. */
static bool fit(struct work *w, const struct consumer *c, const json_t *envelopes)
{
    json_t *e;
    size_t i;

    json_array_foreach(envelopes, i, e)
    {
        if (c->fields && inbox_reads(c, json_text_in(e, "type")))
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
    while (++i < count_of(a) && !version_gate_begins(a->heard, i)) {
        if (a->heard[i].verdict == APPLY)
            return false;
    }
    return true;
}

/* The cursors move on to the last of what was applied; those that were made for it stand there already. */
static int done(struct work *w, const struct admission *a)
{
    struct cursors moved = cursors_new(w);
    struct text ids = sql_list(w);

    for (size_t i = 0; i < count_of(a); i++) {
        const struct incoming_event *e = &a->heard[i];

        if (e->verdict != APPLY)
            continue;
        sql_list_add(&ids, json_text_in(e->envelope, "id"));
        if (!e->fresh && last_applied(a, i))
            cursors_add(w, &moved, e, e->version);
    }
    if (!sql_list_empty(&moved.ids))
        TRY(q_inbox_move(w, a->consumer->name, sql_list_end(&moved.aggregates), sql_list_end(&moved.ids),
                         sql_list_end(&moved.versions)));
    return sql_list_empty(&ids) ? OK : q_inbox_done(w, a->consumer->name, sql_list_end(&ids));
}

int inbox_apply(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts)
{
    struct admission a = {.consumer = c, .envelopes = envelopes, .verdicts = verdicts};
    void *outer = w->context;
    int fault;

    w->context = &a;
    w->in = envelopes;
    fault = handle(w, &a);
    if (fault == OK)
        fault = done(w, &a);
    w->context = outer;
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

const char *event_subjects(struct work *w, const json_t *events, const char *type)
{
    struct text ids = sql_list(w);
    json_t *e;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)events, i, e)
    {
        if (strcmp(json_text_in(e, "type"), type) == 0)
            sql_list_add(&ids, json_text_in(e, "aggregate_id"));
    }
    return sql_list_empty(&ids) ? NULL : sql_list_end(&ids);
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
