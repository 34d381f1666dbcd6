#include "archive.h"

#include <string.h>

#include "archive_queries.h"
#include "calendar.h"
#include "json_out.h"

static apply_events *const *all_appliers;

void archive_open(apply_events *const *appliers)
{
    all_appliers = appliers;
}

int apply_all(struct work *w, const json_t *events, const char *zone)
{
    for (apply_events *const *apply = all_appliers; *apply; apply++)
        TRY((*apply)(w, events, zone));
    return OK;
}

/* An event without personal data: of the address only the country stays. */
static json_t *without_private(const json_t *e)
{
    const json_t *to = json_object_get(json_object_get(e, "private"), "ship_to");
    const char *country = json_text_in(to, "country");

    return json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:s?}", "id", json_object_get(e, "id"), "type",
                     json_object_get(e, "type"), "aggregate", json_object_get(e, "aggregate"), "aggregate_id",
                     json_object_get(e, "aggregate_id"), "version", json_object_get(e, "version"), "time",
                     json_object_get(e, "time"), "data", json_object_get(e, "data"), "country", country);
}

static const json_t *read_batch(struct work *w)
{
    json_t *events = json_owned(w, json_array()), *e;
    size_t i;

    json_array_foreach(w->in, i, e) json_array_append_new(events, without_private(e));
    return events;
}

int ingest(struct work *w, enum figures_lock lock, apply_events *apply)
{
    const json_t *events = read_batch(w);
    struct figures_state_row state;

    TRY(lock == EXCLUSIVE ? q_figures_alone(w) : q_figures_shared(w));
    TRY(q_figures_begin(w, calendar_zone()));
    TRY(q_archive_add(w, json_text(w, events)));
    TRY(q_figures_state(w, &state));
    if (state.rebuilding)
        return OK;
    TRY(apply(w, events, state.zone));
    return ingest_count(w, events, state.zone);
}

int ingest_count(struct work *w, const json_t *events, const char *zone)
{
    return q_intake_count(w, event_heads(w, events), zone);
}

const char *events_of(struct work *w, const json_t *events, const char *type)
{
    json_t *list = json_owned(w, json_array()), *e;
    size_t n = strlen(type), i;
    bool all = type[n - 1] == '.';

    json_array_foreach((json_t *)(uintptr_t)events, i, e)
    {
        const char *is = json_text_in(e, "type");

        if (all ? strncmp(is, type, n) == 0 : strcmp(is, type) == 0)
            json_array_append(list, e);
    }
    return json_array_size(list) ? json_text(w, list) : NULL;
}

const char *event_heads(struct work *w, const json_t *events)
{
    static const char *const members[] = {"id", "type", "time", "aggregate_id"};
    struct text out = text_new(w->arena);
    json_t *e;
    size_t i;

    json_begin_list(&out, NULL);
    json_array_foreach((json_t *)(uintptr_t)events, i, e)
    {
        json_begin_object(&out, NULL);
        for (size_t m = 0; m < COUNT(members); m++)
            json_add_text(&out, members[m], json_text_in(e, members[m]));
        json_end_object(&out);
    }
    json_end_list(&out);
    return out.bytes;
}
