/* JSON Schema 2020-12 from field rows. */
#include <string.h>

#include "field.h"
#include "work.h"

static json_t *choices_schema(const char *choices)
{
    json_t *list = json_array();

    while (choices) {
        const char *end = strchr(choices, '|');

        json_array_append_new(list, json_stringn(choices, end ? (size_t)(end - choices) : strlen(choices)));
        choices = end ? end + 1 : NULL;
    }
    return list;
}

static void bound(json_t *schema, const struct field *f, const char *least, const char *most)
{
    struct bounds b = field_bounds(f);

    if (f->choices)
        return;
    if (b.min != INT64_MIN)
        json_object_set_new(schema, least, json_integer(b.min));
    if (b.max != INT64_MAX)
        json_object_set_new(schema, most, json_integer(b.max));
}

json_t *field_schema_one(const struct field *f)
{
    static const struct {
        const char *type, *format, *pattern, *least, *most;
    } shapes[] = {
        [TEXT] = {"string", NULL, NULL, "minLength", "maxLength"},
        [CODE] = {"string", NULL, "^\\S+$", "minLength", "maxLength"},
        [INTEGER] = {"integer", NULL, NULL, "minimum", "maximum"},
        [QUANTITY] = {"integer", NULL, NULL, "minimum", "maximum"},
        [MONEY] = {"integer", NULL, NULL, "minimum", "maximum"},
        [CURRENCY] = {"string", NULL, "^[A-Z]{3}$", NULL, NULL},
        [BOOLEAN] = {"boolean", NULL, NULL, NULL, NULL},
        [UUID] = {"string", "uuid", NULL, NULL, NULL},
        [TIME] = {"string", "date-time", NULL, NULL, NULL},
        [DAY] = {"string", "date", NULL, NULL, NULL},
        [OBJECT] = {"object", NULL, NULL, NULL, NULL},
        [LIST] = {"array", NULL, NULL, "minItems", "maxItems"},
        [TEXTS] = {"array", NULL, NULL, "minItems", "maxItems"},
    };
    json_t *s = f->type == OBJECT && f->fields ? field_schema(f->fields) : json_object();

    json_object_set_new(s, "type", json_string(shapes[f->type].type));
    if (shapes[f->type].format)
        json_object_set_new(s, "format", json_string(shapes[f->type].format));
    if (shapes[f->type].pattern)
        json_object_set_new(s, "pattern", json_string(shapes[f->type].pattern));
    if (shapes[f->type].least)
        bound(s, f, shapes[f->type].least, shapes[f->type].most);
    if (f->type == LIST)
        json_object_set_new(s, "items", field_schema(f->fields));
    if (f->type == TEXTS)
        json_object_set_new(s, "items",
                            json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 500));
    if (f->choices)
        json_object_set_new(s, "enum", choices_schema(f->choices));
    return s;
}

json_t *field_schema(const struct field *fields)
{
    json_t *properties = json_object(), *required = json_array();

    for (const struct field *f = fields; f && f->name; f++) {
        json_object_set_new(properties, f->name, field_schema_one(f));
        if (f->presence == REQUIRED)
            json_array_append_new(required, json_string(f->name));
    }
    return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0, "properties",
                     properties, "required", required);
}
