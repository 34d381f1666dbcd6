#include <inttypes.h>
#include <string.h>

#include "batch.h"
#include "refused_queries.h"
#include "request.h"
#include "response.h"
#include "rows.h"
#include "upload_queries.h"

/* A page of the file is built in memory. */
enum { PAGE = 2000, PAGE_BYTES = 2 * 1024 * 1024 };

const struct field import_refused_fields[] = {
    {"format", TEXT, .choices = "csv|ndjson"},
    {"after", INTEGER, OPTIONAL, 0, INT64_MAX},
    {"limit", INTEGER, OPTIONAL, 1, PAGE},
    {0},
};

/* What could not be read stands in a member of its own: it must be corrected manually in any case. */
static json_t *row_of(const struct import_refused_rows_row *r)
{
    json_t *row = r->is_row ? json_loads(r->data, 0, NULL) : json_pack("{s:s}", ROW_RAW, r->data);

    json_object_set_new(row, ROW_FAULTS, json_loads(r->faults, 0, NULL));
    return row;
}

static void add_ndjson(struct work *w, struct text *out, const json_t *row)
{
    text_add(out, json_text(w, row));
    text_add(out, "\n");
}

static json_t *columns_of(struct work *w, const struct import_kind *kind)
{
    json_t *columns = json_owned(w, row_columns(kind->fields));

    json_array_append_new(columns, json_string(ROW_RAW));
    json_array_append_new(columns, json_string(ROW_FAULTS));
    return columns;
}

static void add_csv_header(struct text *out, const json_t *columns)
{
    const json_t *name;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)columns, i, name)
    {
        text_add(out, i ? "," : "");
        row_write_cell(out, json_string_value(name));
    }
    text_add(out, "\r\n");
}

static const char *file_of(struct work *w, const struct import_kind *kind, bool csv,
                           const struct import_refused_rows_row *rows, size_t n)
{
    struct text out = text_new(w->arena);
    json_t *columns = csv ? columns_of(w, kind) : NULL;

    if (csv && !in_int(w, "after"))
        add_csv_header(&out, columns);
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_owned(w, row_of(&rows[i]));

        if (!csv) {
            add_ndjson(w, &out, row);
            continue;
        }
        row_write_csv(&out, columns, row);
        text_add(&out, "\r\n");
    }
    return out.bytes;
}

/* The pages put together are the file: Next-After names where the next one begins. */
int import_refused(struct work *w)
{
    const char *id = path_var(w, "id"), *format = in_has(w, "format") ? in_str(w, "format") : "ndjson";
    int64_t limit = in_has(w, "limit") ? in_int(w, "limit") : PAGE;
    struct import_refused_rows_row *rows;
    struct import_look_row job;
    size_t n;

    TRY(q_import_look(w, id, &job));
    TRY(import_may(w, job.kind));
    TRY(q_import_refused_rows(w, id, in_int(w, "after"), limit, PAGE_BYTES, &rows, &n));
    if (n && rows[n - 1].row_no < job.last)
        response_header(w, "Next-After", textf(w, "%" PRId64, rows[n - 1].row_no));
    w->request->reply_type = strcmp(format, "csv") == 0 ? "text/csv; charset=utf-8" : "application/x-ndjson";
    return reply(w, file_of(w, import_kind_named(job.kind), *format == 'c', rows, n));
}
