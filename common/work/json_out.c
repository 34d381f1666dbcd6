#include "json_out.h"

#include <inttypes.h>

/* Between two values a comma; behind an opening bracket or a name nothing. */
static void begin_value(struct text *out, const char *name)
{
    char last = out->length ? out->bytes[out->length - 1] : '[';

    if (last != '[' && last != '{' && last != ':')
        text_add(out, ",");
    if (name) {
        text_add(out, "\"");
        text_add(out, name);
        text_add(out, "\":");
    }
}

void json_begin_object(struct text *out, const char *name)
{
    begin_value(out, name);
    text_add(out, "{");
}

void json_end_object(struct text *out)
{
    text_add(out, "}");
}

void json_begin_list(struct text *out, const char *name)
{
    begin_value(out, name);
    text_add(out, "[");
}

void json_end_list(struct text *out)
{
    text_add(out, "]");
}

void json_add_text(struct text *out, const char *name, const char *value)
{
    begin_value(out, name);
    text_add_json(out, value);
}

void json_add_int(struct text *out, const char *name, int64_t value)
{
    begin_value(out, name);
    text_addf(out, "%" PRId64, value);
}

void json_add_bool(struct text *out, const char *name, bool value)
{
    begin_value(out, name);
    text_add(out, value ? "true" : "false");
}

void json_add_json(struct text *out, const char *name, const char *json)
{
    begin_value(out, name);
    text_add(out, json ? json : "null");
}
