#include "envelope.h"

#include "field.h"
#include "trace.h"
#include "work.h"

static const char *text_of(const json_t *e, const char *name)
{
    return json_string_value(json_object_get(e, name));
}

static const char *fault_in(const json_t *e)
{
    const json_t *version = json_object_get(e, "aggregateversion");

    if (!text_of(e, "specversion") || !text_of(e, "type") || !text_of(e, "aggregate") ||
        !text_of(e, "subject"))
        return "is not a CloudEvent of ours";
    if (!text_of(e, "id") || !field_text_fits(UUID, text_of(e, "id")))
        return "has no id";
    if (!text_of(e, "time") || !field_text_fits(TIME, text_of(e, "time")))
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
    json_t *e = json_parse_news(bytes, length, why);
    const char *trace;

    if (!e)
        return NULL;
    arena_owns(w->arena, e, (void (*)(void *))json_decref);
    *why = fault_in(e);
    if (*why)
        return NULL;
    trace = trace_of(w->arena, text_of(e, "traceparent"));
    json_object_set_new(e, "n", json_integer(n));
    json_object_set(e, "aggregate_id", json_object_get(e, "subject"));
    json_object_set(e, "version", json_object_get(e, "aggregateversion"));
    json_object_set_new(e, "trace", json_string(trace ? trace : w->trace));
    return e;
}
