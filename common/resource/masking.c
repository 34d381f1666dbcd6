#include "masking.h"

#include <string.h>

#include "work.h"

/* One character of UTF-8. */
static size_t first_character(const char *s)
{
    size_t n = *s != '\0';

    while (((unsigned char)s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static const char *masked(struct work *w, const char *name, const char *value)
{
    const char *at = strchr(value, '@');
    size_t n = strlen(value);

    if (!strcmp(name, "country") || !strcmp(name, "region") || !strcmp(name, "city") || !strcmp(name, "ref"))
        return value;
    if (!strcmp(name, "phone"))
        return n > 6 ? textf(w, "***%s", value + n - 3) : "***";
    if (!strcmp(name, "email") && at)
        return textf(w, "%.*s***%s", (int)first_character(value), value, at);
    if (!strcmp(name, "name"))
        return textf(w, "%.*s***", (int)first_character(value), value);
    return "***";
}

static json_t *mask(struct work *w, const char *name, json_t *value)
{
    json_t *copy, *item;
    const char *key;
    size_t i;

    if (json_is_string(value))
        return json_string(masked(w, name, json_string_value(value)));
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach(value, key, item) json_object_set_new(copy, key, mask(w, key, item));
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, item) json_array_append_new(copy, mask(w, name, item));
        return copy;
    }
    /* A phone may come as a number. */
    return json_is_number(value) ? json_string("***") : json_incref(value);
}

const char *mask_personal(struct work *w, const char *json)
{
    json_t *whole = json_loads(json, 0, NULL), *copy;
    const char *text;

    if (!whole)
        return "{}";
    copy = mask(w, "", whole);
    text = json_text(w, copy);
    json_decref(copy);
    json_decref(whole);
    return text;
}
