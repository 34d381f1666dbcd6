/* A file of rows: no byte is lost when it is split, and a CSV row is the same after writing and reading. */
#include "rows.h"
#include "fuzz.h"
#include "utf8.h"
#include "work.h"

static const struct field inner[] = {{"name", TEXT}, {"units", QUANTITY}, {0}};
static const struct field fields[] = {
    {"sku", CODE},   {"quantity", QUANTITY},           {"fast", BOOLEAN}, {"who", OBJECT, .fields = inner},
    {"tags", TEXTS}, {"lines", LIST, .fields = inner}, {"note", TEXT},    {0}};

/* The same file in two pieces is cut at the same places. */
static void check_cut(bool csv, const char *bytes, size_t length)
{
    size_t n = row_length(csv, bytes, length, true), half = row_length(csv, bytes, length / 2, false);

    MUST(n > 0 && n <= length);
    MUST(half <= length / 2 && (half == 0 || half == n));
}

static void check_again(struct work *w, json_t *columns, const json_t *row)
{
    struct text header = text_new(w->arena), line = text_new(w->arena);
    json_t *names, *again, *name;
    const char *why;
    size_t i;

    json_array_foreach(columns, i, name)
    {
        text_add(&header, i ? "," : "");
        row_write_cell(&header, json_string_value(name));
    }
    row_write_csv(&line, columns, row);
    names = row_header(header.bytes, header.length, &why);
    MUST(names && json_equal(names, columns));
    again = row_read(names, fields, line.bytes, line.length, &why);
    MUST(again && json_equal(again, row));
    json_decref(again);
    json_decref(names);
}

static void read_all(struct work *w, bool csv, const char *bytes, size_t length)
{
    json_t *columns = row_columns(fields), *header = NULL, *row;
    const char *why = NULL;

    for (size_t n; length > 0; bytes += n, length -= n) {
        check_cut(csv, bytes, length);
        n = row_length(csv, bytes, length, true);
        if (row_blank(bytes, n))
            continue;
        if (csv && !header) {
            header = row_header(bytes, n, &why);
            MUST(header || why);
            if (!header)
                break;
            continue;
        }
        row = row_read(header, fields, bytes, n, &why);
        MUST(row ? json_is_object(row) : why != NULL);
        if (row && csv && json_equal(header, columns))
            check_again(w, columns, row);
        json_decref(row);
    }
    json_decref(header);
    json_decref(columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct work w;

    if (!length)
        return 0;
    work_begin(&w, JOB, "fuzz");
    read_all(&w, *bytes != '{', (const char *)bytes, length);
    work_end(&w);
    return 0;
}
