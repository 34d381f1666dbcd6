#include "rows.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* --- cutting ----------------------------------------------------------------------------------------- */

/* A quote opens a cell only where the cell begins; inside, a doubled one is a character. */
static size_t csv_length(const char *bytes, size_t length)
{
    bool quoted = false, begins = true;

    for (size_t i = 0; i < length; i++) {
        if (quoted) {
            if (bytes[i] == '"' && i + 1 < length && bytes[i + 1] == '"')
                i++;
            else if (bytes[i] == '"')
                quoted = false;
            continue;
        }
        if (bytes[i] == '\n')
            return i + 1;
        quoted = begins && bytes[i] == '"';
        begins = bytes[i] == ',';
    }
    return 0;
}

size_t row_length(bool csv, const char *bytes, size_t length, bool last)
{
    const char *end = memchr(bytes, '\n', length);
    size_t n = csv ? csv_length(bytes, length) : end ? (size_t)(end - bytes) + 1 : 0;

    /* A cell that is never closed would swallow the file: it ends with its line. */
    if ((!n && last) || n > ROW_BYTES_MAX || (!n && length > ROW_BYTES_MAX))
        n = end && (n > ROW_BYTES_MAX || length > ROW_BYTES_MAX || csv) ? (size_t)(end - bytes) + 1 : length;
    return n;
}

bool row_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
            return false;
    }
    return true;
}

/* --- reading CSV --------------------------------------------------------------------------------------- */

static void add_cell(void *bytes, size_t length, void *cells)
{
    json_array_append_new(cells, json_stringn(bytes ? bytes : "", length));
}

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static bool parse_cells(const char *bytes, size_t length, json_t *cells)
{
    struct csv_parser parser;
    bool good;

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return false;
    csv_set_space_func(&parser, no_space);
    good = csv_parse(&parser, bytes, length, add_cell, NULL, cells) == length &&
           csv_fini(&parser, add_cell, NULL, cells) == 0;
    csv_free(&parser);
    return good;
}

static json_t *cells_of(const char *bytes, size_t length, const char **why)
{
    json_t *cells = json_array();

    *why = NULL;
    if (!utf8_valid(bytes, length) || memchr(bytes, '\0', length))
        *why = "The row is not UTF-8.";
    else if (!parse_cells(bytes, length, cells))
        *why = "The row's quotes are not as in RFC 4180.";
    if (!*why)
        return cells;
    json_decref(cells);
    return NULL;
}

/* "customer" and "customer.name" name the same place, too: one cell would be lost to the other. */
static bool holds(const json_t *outer, const json_t *inner)
{
    size_t n = json_string_length(outer);
    const char *name = json_string_value(inner);

    return strncmp(name, json_string_value(outer), n) == 0 && (!name[n] || name[n] == '.');
}

static bool names_twice(const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        for (size_t j = 0; j < json_array_size(names); j++) {
            if (i != j && holds(json_array_get(names, i), json_array_get(names, j)))
                return true;
        }
    }
    return false;
}

json_t *row_header(const char *bytes, size_t length, const char **why)
{
    bool marked = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0; /* a byte order mark */
    json_t *names = cells_of(bytes + (marked ? 3 : 0), length - (marked ? 3 : 0), why);

    if (!names)
        return NULL;
    if (json_array_size(names) > COLUMNS_MAX)
        *why = "The header has more than 256 columns.";
    else if (names_twice(names))
        *why = "The header names a column twice.";
    if (!*why)
        return names;
    json_decref(names);
    return NULL;
}

static const struct field *field_at(const struct field *fields, const char *name, size_t length)
{
    for (; fields && fields->name; fields++) {
        if (strlen(fields->name) == length && memcmp(fields->name, name, length) == 0)
            return fields;
    }
    return NULL;
}

/* A cell as its field's type; what does not fit stays text, so that the check of the fields reports the
 * fault. */
static json_t *value_of(const struct field *f, const json_t *cell)
{
    const char *s = json_string_value(cell), *why;
    json_t *json = NULL;

    if (f && (f->type == INTEGER || f->type == QUANTITY || f->type == MONEY) && field_text_fits(INTEGER, s))
        json = json_integer(strtoll(s, NULL, 10));
    else if (f && f->type == BOOLEAN && field_text_fits(BOOLEAN, s))
        json = json_boolean(*s == 't');
    else if (f && (f->type == OBJECT || f->type == LIST || f->type == TEXTS))
        json = json_parse(s, json_string_length(cell), &why);
    return json ? json : json_copy((json_t *)(uintptr_t)cell);
}

/* Put a cell where its name's dots say. */
static void put_cell(json_t *row, const struct field *fields, const char *name, const json_t *cell)
{
    const char *dot = strchr(name, '.');
    const struct field *f = field_at(fields, name, dot ? (size_t)(dot - name) : strlen(name));
    json_t *inner;

    if (!dot || !f || f->type != OBJECT) {
        json_object_set_new(row, name, value_of(f, cell));
        return;
    }
    inner = json_object_get(row, f->name);
    if (!json_is_object(inner)) {
        inner = json_object();
        json_object_set_new(row, f->name, inner);
    }
    put_cell(inner, f->fields, dot + 1, cell);
}

static json_t *read_csv(const json_t *header, const struct field *fields, const char *bytes, size_t length,
                        const char **why)
{
    json_t *cells = cells_of(bytes, length, why), *row, *cell;
    size_t i;

    if (!cells)
        return NULL;
    if (json_array_size(cells) != json_array_size(header)) {
        json_decref(cells);
        *why = "The row has not as many cells as the header.";
        return NULL;
    }
    row = json_object();
    json_array_foreach(cells, i, cell)
    {
        if (json_string_length(cell))
            put_cell(row, fields, json_string_value(json_array_get(header, i)), cell);
    }
    json_decref(cells);
    return row;
}

/* --- reading ------------------------------------------------------------------------------------------- */

static json_t *read_ndjson(const char *bytes, size_t length, const char **why)
{
    json_t *row = utf8_valid(bytes, length) ? json_parse(bytes, length, why) : NULL;

    if (json_is_object(row))
        return row;
    json_decref(row);
    *why = "The row is not one JSON object in UTF-8, without a key twice and with at most 10,000 values.";
    return NULL;
}

json_t *row_read(const json_t *header, const struct field *fields, const char *bytes, size_t length,
                 const char **why)
{
    json_t *row;

    if (length > ROW_BYTES_MAX) {
        *why = "The row has more than 128 KiB.";
        return NULL;
    }
    row = header ? read_csv(header, fields, bytes, length, why) : read_ndjson(bytes, length, why);
    if (row)
        json_object_del(row, ROW_FAULTS);
    return row;
}

/* --- writing CSV --------------------------------------------------------------------------------------- */

static void add_columns(json_t *columns, const struct field *fields, const char *prefix)
{
    for (; fields && fields->name; fields++) {
        json_t *name = json_sprintf("%s%s", prefix, fields->name);

        if (fields->type == OBJECT && fields->fields) {
            json_t *inner = json_sprintf("%s.", json_string_value(name));

            add_columns(columns, fields->fields, json_string_value(inner));
            json_decref(inner);
            json_decref(name);
        } else {
            json_array_append_new(columns, name);
        }
    }
}

json_t *row_columns(const struct field *fields)
{
    json_t *columns = json_array();

    add_columns(columns, fields, "");
    return columns;
}

void row_write_cell(struct text *out, const char *s)
{
    if (!s[strcspn(s, ",\"\r\n")]) {
        text_add(out, s);
        return;
    }
    text_add(out, "\"");
    for (; *s; s++)
        text_add_bytes(out, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    text_add(out, "\"");
}

static const json_t *value_at(const json_t *row, const char *name)
{
    const char *dot = strchr(name, '.');
    const json_t *inner, *value = json_object_get(row, name);

    if (value || !dot)
        return value;
    inner = json_object_getn(row, name, (size_t)(dot - name));
    return inner ? value_at(inner, dot + 1) : NULL;
}

void row_write_csv(struct text *out, const json_t *columns, const json_t *row)
{
    const json_t *name, *value;
    char *json;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)columns, i, name)
    {
        text_add(out, i ? "," : "");
        value = value_at(row, json_string_value(name));
        if (json_is_string(value)) {
            row_write_cell(out, json_string_value(value));
        } else if (value && !json_is_null(value)) {
            json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
            row_write_cell(out, json);
            free(json);
        }
    }
}
