/* Routes that create an import, upload its parts and start it. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "outbox.h"
#include "principal.h"
#include "request.h"
#include "row.h"
#include "upload_queries.h"
#include "work.h"

static const struct field open_fields[] = {
    {"kind", CODE, REQUIRED},
    {"format", TEXT, REQUIRED, .choices = "csv|ndjson"},
    {"policy", TEXT, REQUIRED, .choices = "reject_rows|reject_all"},
    {"dry_run", BOOLEAN},
    {0},
};

static const struct field begin_fields[] = {{"parts", INTEGER, REQUIRED, 0, 100000}, {0}};

static const struct filter import_filters[] = {{"status", TEXT}, {"kind", TEXT}, {0}};

const struct resource import_resources[] = {
    {
        .name = "imports",
        .title = "import",
        .aggregate = "import",
        .table = "import_job",
        .view = "import_json",
        .read = "imports:read",
        .filters = import_filters,
        .sorts = "created_at",
        .changes_without_events = true,
    },
    {0},
};

static const struct import_kind *kinds;

void import_kinds(const struct import_kind *rows)
{
    kinds = rows;
}

const struct import_kind *import_kind_named(const char *name)
{
    return row_named(kinds, name);
}

int import_may(struct work *w, const char *kind)
{
    const struct import_kind *k = import_kind_named(kind);

    if (k && principal_may(w->who, k->scope))
        return OK;
    if (k)
        return fail(w, FORBIDDEN, "auth.scope", "Your roles do not grant %s.", k->scope);
    fault_at(w, "/kind", "import.kind", "This kind of import does not exist.");
    return failed_if_any(w, "import.invalid", "The import is invalid: errors[] names every fault.");
}

/* The file's row, locked; only while it is still open. */
static int lock_open(struct work *w, const char *id)
{
    struct import_lock_row job;

    TRY(q_import_lock(w, id, &job));
    TRY(import_may(w, job.kind));
    if (strcmp(job.status, "open") != 0)
        return fail(w, CONFLICT, "import.not_open", "The import is %s: no part can be added.", job.status);
    return OK;
}

static int tell(struct work *w, const char *verb, const char *id)
{
    return announce(w, event_type(w, textf(w, "import.%s", verb)), "import", id);
}

static int import_open(struct work *w)
{
    const char *id = new_id(w);

    TRY(import_may(w, in_str(w, "kind")));
    TRY(q_import_open(w, id, in_str(w, "kind"), in_str(w, "format"), in_str(w, "policy"),
                      in_bool(w, "dry_run"), w->actor));
    TRY(announce_new(w, event_type(w, "import.opened"), "import", id));
    return reply_resource(w, "imports", id);
}

static const char *hex_of(struct work *w, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = arena_alloc(w->arena, 2 * length + 1);

    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    return hex;
}

static int import_part(struct work *w)
{
    const char *id = path_var(w, "id"), *no = path_var(w, "no");

    if (!field_text_fits(INTEGER, no) || strlen(no) > 6 || strtol(no, NULL, 10) < 1)
        return fail(w, NOT_FOUND, "resource.not_found", "The number of a part must be 1, 2, 3 …");
    TRY(lock_open(w, id));
    TRY(q_import_part_put(w, id, strtol(no, NULL, 10), hex_of(w, w->request->body, w->request->body_length)));
    return reply(w, textf(w, "{\"part\":%s,\"bytes\":%zu}", no, w->request->body_length));
}

static int import_begin(struct work *w)
{
    const char *id = path_var(w, "id");
    struct import_parts_row there;

    TRY(lock_open(w, id));
    TRY(q_import_parts(w, id, &there));
    if (there.parts != in_int(w, "parts") || there.last != there.parts)
        return fail(w, CONFLICT, "import.parts_missing",
                    "%d parts are uploaded, the last is number %d: parts 1 to %d are required.",
                    (int)there.parts, (int)there.last, (int)in_int(w, "parts"));
    TRY(q_import_begin(w, id));
    TRY(tell(w, "started", id));
    return reply_resource(w, "imports", id);
}

/* Rows that are in stay in; the file is not gone on with. */
static int import_cancel(struct work *w)
{
    const char *id = path_var(w, "id");
    struct import_lock_row job;

    TRY(q_import_lock(w, id, &job));
    TRY(import_may(w, job.kind));
    if (strcmp(job.status, "open") != 0 && strcmp(job.status, "running") != 0)
        return fail(w, CONFLICT, "import.over", "The import is %s already.", job.status);
    TRY(q_import_cancel(w, id));
    TRY(tell(w, "cancelled", id));
    return reply_resource(w, "imports", id);
}

const struct route import_routes[] = {
    {"POST", "/v1/imports", "imports:write", open_fields, import_open, 201, "Create an import"},
    {"PUT", "/v1/imports/{id}/parts/{no}", "imports:write", NULL, import_part, 200,
     "Upload a part of the import's file, at most 256 KiB", .raw = true},
    {"POST", "/v1/imports/{id}/start", "imports:write", begin_fields, import_begin, 200,
     "Start the import when all parts are uploaded"},
    {"POST", "/v1/imports/{id}/cancel", "imports:write", NULL, import_cancel, 200, "Cancel the import"},
    {"GET", "/v1/imports/{id}/refused", "imports:read", import_refused_fields, import_refused, 200,
     "Download the refused rows as a file to correct and import again"},
    {0},
};
