#include "envelope.h"

#include <string.h>

#include "field.h"
#include "trace.h"
#include "work.h"

/* CloudEvents 1.0, structured mode. Personal data stands beside the public data: the subject permissions of
 * nats-server keep it among the services. */
struct text envelope_write(struct work *w, const char *service, const struct event_columns *e)
{
    struct text t = text_new(w->arena);

    text_addf(&t,
              "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/%s\",\"type\":\"%s\",\"subject\":", e->id,
              service, e->type);
    text_add_json(&t, e->aggregate_id);
    text_addf(&t,
              ",\"time\":\"%s\",\"datacontenttype\":\"application/"
              "json\",\"aggregate\":\"%s\",\"aggregateversion\":%s,\"actor\":",
              e->at, e->aggregate, e->version);
    text_add_json(&t, e->actor);
    text_addf(&t, ",\"traceparent\":\"00-%s-%.16s-01\",\"data\":", e->trace, e->trace);
    text_add(&t, e->data);
    if (e->private) {
        text_add(&t, ",\"private\":");
        text_add(&t, e->private);
    }
    text_add(&t, "}");
    return t;
}

static const char *fault_in(const json_t *e)
{
    const json_t *version = json_object_get(e, "aggregateversion");

    if (!json_text_in(e, "specversion") || !json_text_in(e, "type") || !json_text_in(e, "aggregate") ||
        !json_text_in(e, "subject"))
        return "is not a valid Backroom CloudEvent";
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
    json_owned(w, e);
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
