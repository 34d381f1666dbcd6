#include "envelope.h"

#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "trace.h"
#include "work.h"

static const char *fault_in(const json_t *e)
{
    const json_t *version = json_object_get(e, "aggregateversion");

    if (!json_text_in(e, "specversion") || !json_text_in(e, "type") || !json_text_in(e, "aggregate") ||
        !json_text_in(e, "subject"))
        return "is not a CloudEvent of ours";
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

/* --- without what nobody reads ------------------------------------------------------------------------------ */

/* s[i] is a quotation mark. Where its string is over: behind the other one, or at the end. */
static size_t behind_string(const char *s, size_t length, size_t i)
{
    for (i++; i < length && s[i] != '"'; i++)
        i += s[i] == '\\';
    return i < length ? i + 1 : length;
}

/* Behind a string, or any other byte. */
static size_t behind(const char *s, size_t length, size_t i)
{
    return s[i] == '"' ? behind_string(s, length, i) : i + 1;
}

/* s[i] opens an object. */
static size_t behind_object(const char *s, size_t length, size_t i)
{
    size_t depth = 0;

    do {
        depth += s[i] == '{';
        depth -= s[i] == '}';
        i = behind(s, length, i);
    } while (depth && i < length);
    return i;
}

static bool is_left_out(const char *s, size_t from, size_t to)
{
    return (to - from == 6 && memcmp(s + from, "\"data\"", 6) == 0) ||
           (to - from == 9 && memcmp(s + from, "\"private\"", 9) == 0);
}

/* The bytes without what stands in data and private; *to has room for all of them. Returns how many are left. */
static size_t leave_out(const char *s, size_t length, char *to)
{
    size_t n = 0, i = 0, depth = 0;

    while (i < length) {
        size_t from = i;

        i = behind(s, length, i);
        memcpy(to + n, s + from, i - from);
        n += i - from;
        depth += s[from] == '{' || s[from] == '[';
        depth -= depth && (s[from] == '}' || s[from] == ']');
        if (depth != 1 || !is_left_out(s, from, i))
            continue;
        while (i < length && (s[i] == ':' || s[i] == ' '))
            to[n++] = s[i++];
        if (i < length && s[i] == '{') {
            i = behind_object(s, length, i);
            to[n++] = '{';
            to[n++] = '}';
        }
    }
    return n;
}

json_t *envelope_head(const char *bytes, size_t length, const char **why)
{
    char *head = malloc(length + 1);
    json_t *e = json_parse_event(head, leave_out(bytes, length, head), why);

    free(head);
    return e;
}

/* --- whole --------------------------------------------------------------------------------------------------- */

json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why)
{
    json_t *e = json_parse_event(bytes, length, why);

    return e ? envelope_take(w, e, n, why) : NULL;
}

json_t *envelope_take(struct work *w, json_t *e, int n, const char **why)
{
    const char *trace;

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
