#include "inbox.h"

#include <string.h>

#include "common_queries.h"
#include "consume.h"
#include "crash.h"
#include "field.h"
#include "work.h"

/* What the version gate needs to know of each event, or only of those that are the first of their aggregate; NULL for
 * none. */
static const char *heads_of(struct work *w, const json_t *envelopes, bool first_only)
{
    struct text t = text_new(w->arena);
    size_t i;
    json_t *e;

    json_array_foreach(envelopes, i, e)
    {
        json_int_t version = json_integer_value(json_object_get(e, "version"));

        if (first_only && version != 1)
            continue;
        text_addf(&t, "%s{\"n\":%" JSON_INTEGER_FORMAT ",\"version\":%" JSON_INTEGER_FORMAT ",\"id\":\"%s\"",
                  t.length ? "," : "[", json_integer_value(json_object_get(e, "n")), version,
                  json_text_in(e, "id"));
        text_add(&t, ",\"aggregate\":");
        text_add_json(&t, json_text_in(e, "aggregate"));
        text_add(&t, ",\"aggregate_id\":");
        text_add_json(&t, json_text_in(e, "aggregate_id"));
        text_add(&t, "}");
    }
    if (!t.length)
        return NULL;
    text_add(&t, "]");
    return t.bytes;
}

static enum verdict verdict_of(const char *word)
{
    return *word == 'a' ? APPLY : *word == 's' ? SKIP : GAP;
}

/* The envelope with this "n": at its own place, or before it where unreadable messages were left out. */
static json_t *numbered(json_t *envelopes, int64_t n)
{
    size_t i = (size_t)n < json_array_size(envelopes) ? (size_t)n : json_array_size(envelopes) - 1;

    while (i > 0 && json_integer_value(json_object_get(json_array_get(envelopes, i), "n")) != n)
        i--;
    return json_array_get(envelopes, i);
}

static int admit(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts,
                 json_t *admitted)
{
    const char *first = heads_of(w, envelopes, true);
    struct inbox_admit_row *rows;
    size_t n;

    if (first)
        TRY(q_inbox_open(w, c->name, first));
    TRY(q_inbox_admit(w, c->name, heads_of(w, envelopes, false), &rows, &n));
    for (size_t i = 0; i < n; i++) {
        verdicts[rows[i].n] = verdict_of(rows[i].verdict);
        if (verdicts[rows[i].n] == APPLY)
            json_array_append(admitted, numbered(envelopes, rows[i].n));
    }
    return OK;
}

/* One event: its data is the input, checked as a request's body would be, but open to what it does not know. */
static int apply_one(struct work *w, const struct consumer *c, json_t *e)
{
    if (c->fields)
        field_check(w, json_object_get(e, "data"), c->fields, true);
    TRY(failed_if_any(w, "event.invalid", "The event's data has faults."));
    w->in = e;
    w->trace = json_text_in(e, "trace");
    return c->handler(w);
}

static int apply_all(struct work *w, const struct consumer *c, json_t *admitted)
{
    json_t *e;
    size_t i;

    json_array_foreach(admitted, i, e)
    {
        if (c->fields)
            field_check(w, json_object_get(e, "data"), c->fields, true);
    }
    TRY(failed_if_any(w, "event.invalid", "An event's data has faults."));
    w->trace = json_text_in(json_array_get(admitted, 0), "trace");
    w->in = admitted;
    return c->handler(w);
}

int inbox_apply(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts)
{
    json_t *admitted = arena_owns(w->arena, json_array(), (void (*)(void *))json_decref);

    TRY(admit(w, c, envelopes, verdicts, admitted));
    crash_point("consume.admitted");
    if (!json_array_size(admitted))
        return OK;
    if (c->mode & BATCH)
        TRY(apply_all(w, c, admitted));
    else
        TRY(apply_one(w, c, json_array_get(admitted, 0)));
    return q_inbox_done(w, c->name, heads_of(w, admitted, false));
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
