#include "field.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "work.h"

enum { DEPTH_MAX = 32, VALUES_MAX = 10000 };

struct bounds field_bounds(const struct field *f)
{
    static const struct bounds usual[] = {[TEXT] = {1, 200},
                                          [CODE] = {1, 64},
                                          [INTEGER] = {INT64_MIN, INT64_MAX},
                                          [QUANTITY] = {1, 1000000},
                                          [MONEY] = {0, 1000000000000000},
                                          [LIST] = {0, 1000},
                                          [TEXTS] = {0, 50}};
    struct bounds b = f->type < COUNT(usual) ? usual[f->type] : (struct bounds){0, 0};

    if (f->min || f->max)
        b = (struct bounds){f->min, f->max};
    return b;
}

/* --- values -------------------------------------------------------------------------------------------- */

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool is_code(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    }
    return true;
}

/* d digit, x hexadecimal digit, anything else itself. */
static bool fits(const char *s, const char *pattern)
{
    for (; *pattern; s++, pattern++) {
        if (*pattern == 'd'   ? !isdigit((unsigned char)*s)
            : *pattern == 'x' ? !isxdigit((unsigned char)*s)
                              : *s != *pattern)
            return false;
    }
    return *s == '\0';
}

static bool is_day(const char *s)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int y, m, d;

    if (!fits(s, "dddd-dd-dd") || sscanf(s, "%d-%d-%d", &y, &m, &d) != 3 || y < 1 || m < 1 || m > 12 || d < 1)
        return false;
    return d <= days[m - 1] + (m == 2 && ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0));
}

/* RFC 3339: date, T, time with optional fraction, Z or an offset. */
static bool is_time(const char *s)
{
    char day[11] = "", clock[9] = "";
    int hour, minute, second;
    const char *zone;

    if (strlen(s) < 20 || strlen(s) > 40 || (s[10] != 'T' && s[10] != 't'))
        return false;
    memcpy(day, s, 10);
    memcpy(clock, s + 11, 8);
    if (!is_day(day) || !fits(clock, "dd:dd:dd") ||
        sscanf(clock, "%2d:%2d:%2d", &hour, &minute, &second) != 3)
        return false;
    zone = s + 19;
    if (*zone == '.')
        zone += 1 + strspn(zone + 1, "0123456789");
    if (hour > 23 || minute > 59 || second > 60 || zone[-1] == '.')
        return false;
    if (!strcmp(zone, "Z") || !strcmp(zone, "z"))
        return true;
    if ((*zone != '+' && *zone != '-') || !fits(zone + 1, "dd:dd"))
        return false;
    return (zone[1] - '0') * 10 + zone[2] - '0' <= 14 && zone[4] < '6';
}

static bool is_integer(const char *s)
{
    size_t n = strspn(s + (*s == '-'), "0123456789");

    return n > 0 && n < 19 && s[n + (*s == '-')] == '\0';
}

bool field_text_fits(enum field_type type, const char *s)
{
    switch (type) {
    case UUID:
        return fits(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    case TIME:
        return is_time(s);
    case DAY:
        return is_day(s);
    case CURRENCY:
        return strlen(s) == 3 && isupper((unsigned char)s[0]) && isupper((unsigned char)s[1]) &&
               isupper((unsigned char)s[2]);
    case INTEGER:
    case QUANTITY:
    case MONEY:
        return is_integer(s);
    case BOOLEAN:
        return !strcmp(s, "true") || !strcmp(s, "false");
    case CODE:
        return *s && is_code(s);
    default:
        return true;
    }
}

static bool is_choice(const char *choices, const char *s)
{
    size_t n = strcspn(s, "|");

    if (s[n])
        return false;
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
        if (!strncmp(p, s, n) && (p[n] == '|' || !p[n]))
            return true;
    }
    return false;
}

/* --- checks -------------------------------------------------------------------------------------------- */

static const char *const wanted[] = {[TEXT] = "a text",
                                     [CODE] = "a code without spaces",
                                     [INTEGER] = "an integer",
                                     [QUANTITY] = "an integer",
                                     [MONEY] = "an integer of minor units",
                                     [CURRENCY] = "a currency of three capital letters",
                                     [BOOLEAN] = "true or false",
                                     [UUID] = "a UUID",
                                     [TIME] = "a time as in RFC 3339",
                                     [DAY] = "a day as in 2010-12-01",
                                     [OBJECT] = "an object",
                                     [LIST] = "a list of objects",
                                     [TEXTS] = "a list of texts"};

/* Where a value stands. Written out only for a fault: most values have none. */
struct place {
    const struct place *base; /* NULL: the document */
    const char *name;         /* NULL: an entry of a list */
    size_t index;
};

/* A member of the query string has no document around it. */
static const struct place query = {NULL, "?", 0};

/* RFC 6901: ~ and / inside a name are escaped. */
static void add_place(struct text *t, const struct place *at)
{
    if (at->base)
        add_place(t, at->base);
    text_add(t, at == &query ? "?" : at->base == &query ? "" : "/");
    if (!at->name)
        text_addf(t, "%zu", at->index);
    for (const char *c = at == &query ? NULL : at->name; c && *c; c++)
        text_add_bytes(t, *c == '~' ? "~0" : *c == '/' ? "~1" : c, *c == '~' || *c == '/' ? 2 : 1);
}

static const char *pointer_to(struct work *w, const struct place *at)
{
    struct text t = text_new(w->arena);

    add_place(&t, at);
    return t.bytes;
}

static void check_object(struct work *w, const json_t *object, const struct field *fields, bool open,
                         const struct place *base);

static void check_text(struct work *w, const struct field *f, const char *s, const struct place *at)
{
    struct bounds b = field_bounds(f);
    int64_t n = (int64_t)characters(s);

    if (!field_text_fits(f->type, s))
        fault_at(w, pointer_to(w, at), "field.format", "%s must be %s.", f->name, wanted[f->type]);
    else if (f->choices && !is_choice(f->choices, s))
        fault_at(w, pointer_to(w, at), "field.choice", "%s must be one of %s.", f->name, f->choices);
    else if ((f->type == TEXT || f->type == CODE) && n < b.min)
        fault_at(w, pointer_to(w, at), "field.too_short", "%s must have at least %" PRId64 " character(s).",
                 f->name, b.min);
    else if ((f->type == TEXT || f->type == CODE) && n > b.max)
        fault_at(w, pointer_to(w, at), "field.too_long", "%s must have at most %" PRId64 " characters.",
                 f->name, b.max);
}

static void check_number(struct work *w, const struct field *f, int64_t n, const struct place *at)
{
    struct bounds b = field_bounds(f);

    if (n < b.min || n > b.max)
        fault_at(w, pointer_to(w, at), "field.out_of_range", "%s must be from %" PRId64 " to %" PRId64 ".",
                 f->name, b.min, b.max);
}

static void check_list(struct work *w, const struct field *f, const json_t *list, bool open,
                       const struct place *at)
{
    struct bounds b = field_bounds(f);
    const json_t *item;
    size_t i;

    if ((int64_t)json_array_size(list) < b.min || (int64_t)json_array_size(list) > b.max) {
        fault_at(w, pointer_to(w, at), "field.count", "%s must have %" PRId64 " to %" PRId64 " entries.",
                 f->name, b.min, b.max);
        return;
    }
    json_array_foreach(list, i, item)
    {
        const struct place here = {at, NULL, i};

        if (f->type == LIST && json_is_object(item))
            check_object(w, item, f->fields, open, &here);
        else if (f->type == LIST || !json_is_string(item))
            fault_at(w, pointer_to(w, &here), "field.type", "An entry of %s must be %s.", f->name,
                     f->type == LIST ? "an object" : "a text");
        else if (!*json_string_value(item) || characters(json_string_value(item)) > 500)
            fault_at(w, pointer_to(w, &here), "field.too_long",
                     "An entry of %s must have 1 to 500 characters.", f->name);
    }
}

static bool type_fits(enum field_type type, const json_t *value)
{
    switch (type) {
    case INTEGER:
    case QUANTITY:
    case MONEY:
        return json_is_integer(value);
    case BOOLEAN:
        return json_is_boolean(value);
    case OBJECT:
        return json_is_object(value);
    case LIST:
    case TEXTS:
        return json_is_array(value);
    default:
        return json_is_string(value);
    }
}

static void check_value(struct work *w, const struct field *f, const json_t *value, bool open,
                        const struct place *at)
{
    if (!type_fits(f->type, value))
        fault_at(w, pointer_to(w, at), "field.type", "%s must be %s.", f->name, wanted[f->type]);
    else if (json_is_string(value))
        check_text(w, f, json_string_value(value), at);
    else if (json_is_integer(value))
        check_number(w, f, json_integer_value(value), at);
    else if (json_is_array(value))
        check_list(w, f, value, open, at);
    else if (json_is_object(value) && f->fields)
        check_object(w, value, f->fields, open, at);
}

static const struct field *field_named(const struct field *fields, const char *name)
{
    for (; fields->name; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

static void check_object(struct work *w, const json_t *object, const struct field *fields, bool open,
                         const struct place *base)
{
    const char *name;
    json_t *value;

    for (const struct field *f = fields; f->name; f++) {
        const struct place here = {base, f->name, 0};

        value = json_object_get(object, f->name);
        if (value && !json_is_null(value))
            check_value(w, f, value, open, &here);
        else if (f->presence == REQUIRED)
            fault_at(w, pointer_to(w, &here), "field.required", "%s is required.", f->name);
    }
    if (open)
        return;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct place here = {base, name, 0};

        if (!field_named(fields, name))
            fault_at(w, pointer_to(w, &here), "field.unknown", "This field does not exist.");
    }
}

void field_check(struct work *w, const json_t *object, const struct field *fields, bool open)
{
    static const struct field none[] = {{0}};

    check_object(w, object, fields ? fields : none, open, NULL);
}

void field_check_query(struct work *w, const json_t *values, const struct field *fields)
{
    static const struct field none[] = {{0}};

    check_object(w, values, fields ? fields : none, true, &query);
}

/* --- parsing ------------------------------------------------------------------------------------------- */

/* Brackets open at once and values, counted on the bytes before anything is built of them. */
static const char *too_big(const char *s, size_t length, size_t values_max)
{
    size_t depth = 0, values = 1;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        if (quoted) {
            if (s[i] == '\\')
                i++;
            else if (s[i] == '"')
                quoted = false;
            continue;
        }
        quoted = s[i] == '"';
        if ((s[i] == '{' || s[i] == '[') && ++depth > DEPTH_MAX)
            return "is nested deeper than 32 levels";
        if ((s[i] == '}' || s[i] == ']') && depth > 0)
            depth--;
        values += s[i] == ',';
        if (values > values_max)
            return "contains more than 10,000 values";
    }
    return NULL;
}

static json_t *parse(const char *bytes, size_t length, size_t values_max, size_t flags, const char **why)
{
    json_error_t error;
    json_t *json;

    *why = too_big(bytes, length, values_max);
    if (*why)
        return NULL;
    json = json_loadb(bytes, length, flags, &error);
    if (!json)
        *why =
            json_error_code(&error) == json_error_duplicate_key ? "has a duplicate key" : "is not valid JSON";
    return json;
}

json_t *json_parse(const char *bytes, size_t length, const char **why)
{
    return parse(bytes, length, VALUES_MAX, JSON_REJECT_DUPLICATES, why);
}

json_t *json_parse_event(const char *bytes, size_t length, const char **why)
{
    return parse(bytes, length, SIZE_MAX, 0, why);
}
