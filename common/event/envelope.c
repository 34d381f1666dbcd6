#include "envelope.h"

#include <string.h>

#include "field.h"
#include "trace.h"
#include "work.h"

static const char *fault_in(const json_t *e)
{
    const json_t *version = json_object_get(e, "aggregateversion");

    if (!json_text_in(e, "specversion") || !json_text_in(e, "type") || !json_text_in(e, "aggregate") ||
        !json_text_in(e, "subject"))
        return "is not one of our CloudEvents";
    if (!json_text_in(e, "id") || !field_text_fits(UUID, json_text_in(e, "id")))
        return "has no id";
    if (!json_text_in(e, "time") || !field_text_fits(TIME, json_text_in(e, "time")))
        return "has no time";
    if (!json_is_integer(version) || json_integer_value(version) < 1 ||
        json_integer_value(version) > INT32_MAX)
        return "has no version";
    if (!json_is_object(json_object_get(e, "data")))
        return "has no data";
    return NULL;
}

json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why)
{
    json_t *e = json_parse_event(bytes, length, why);
    const char *trace;

    if (!e)
        return NULL;
    arena_owns(w->arena, e, (void (*)(void *))json_decref);
    *why = fault_in(e);
    if (*why)
        return NULL;
    trace = trace_of(w->arena, json_text_in(e, "traceparent"));
    json_object_set_new(e, "n", json_integer(n));
    json_object_set(e, "aggregate_id", json_object_get(e, "subject"));
    json_object_set(e, "version", json_object_get(e, "aggregateversion"));
    json_object_set_new(e, "trace", json_string(trace ? trace : w->trace));
    return e;
}
