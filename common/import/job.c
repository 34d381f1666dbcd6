/*
 * Runs imports: every instance selects a file to continue and imports its next batch. Rows, cursor, results
 * and events are one transaction, so after a kill any instance continues the file from its last commit. With
 * reject_all or dry_run the whole file is one transaction, whose progress a second connection records; after
 * a kill it starts again from the first row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "job_queries.h"
#include "log.h"
#include "outbox.h"
#include "rows.h"
#include "runner.h"
#include "transaction.h"

/* A batch waits for the processor as often as a small one does, so it is as much of the file as memory is
 * well spent on. */
enum { POLL_MS = 200, SLICE = 4 * ROW_BYTES_MAX, TOLD_EVERY = 10 };

/* One batch of one file. The context of this file's works. */
struct run {
    const struct runner *runner;
    const char *id;
    struct import_read_row job;
    const struct import_kind *kind;
    const char *bytes;
    size_t length, used;
    bool last; /* the slice reaches the file's end */
    json_t *header;
    const char *header_text; /* when it was read just now */
    struct batch *batch;
    const char *status, *fault; /* at the end */
};

/* A batch that failed as a whole goes row by row; the row that fails alone is refused for what it failed
 * with. */
static struct {
    char id[40];
    int careful; /* rows to take one at a time */
    char code[80], detail[400];
} trouble;

static bool is_whole(const struct run *r)
{
    return r->job.dry_run || strcmp(r->job.policy, "reject_all") == 0;
}

static size_t limit_of(const struct run *r)
{
    return !is_whole(r) && trouble.careful > 0 && strcmp(trouble.id, r->id) == 0 ? 1 : BATCH_ROWS;
}

/* --- reading a batch ----------------------------------------------------------------------------------- */

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static int read_slice(struct work *w, struct run *r)
{
    struct import_slice_row slice;
    char *bytes;

    TRY(q_import_slice(w, r->id, r->job.read_to, SLICE, &slice));
    r->length = strlen(slice.hex) / 2;
    bytes = arena_alloc(w->arena, r->length + 1);
    for (size_t i = 0; i < r->length; i++)
        bytes[i] = (char)(digit(slice.hex[2 * i]) << 4 | digit(slice.hex[2 * i + 1]));
    r->bytes = bytes;
    r->last = r->job.read_to + (int64_t)r->length >= r->job.bytes;
    return OK;
}

/* The file as a whole cannot be read: it ends here. */
static void give_up(struct work *w, struct run *r, const char *code, const char *detail)
{
    struct text t = text_new(w->arena);

    text_addf(&t, "{\"code\":\"%s\",\"detail\":", code);
    text_add_json(&t, detail);
    text_add(&t, "}");
    r->status = "failed";
    r->fault = t.bytes;
}

static void read_header(struct work *w, struct run *r)
{
    const char *why;
    size_t n;

    if (r->job.header) {
        r->header = json_loads(r->job.header, 0, NULL);
    } else {
        n = row_length(true, r->bytes, r->length, r->last);
        r->header = row_header(r->bytes, n, &why);
        if (!r->header) {
            give_up(w, r, "import.header", why);
            return;
        }
        r->header_text = json_text(w, r->header);
        r->used = n;
    }
    json_owned(w, r->header);
}

static void read_row(struct work *w, struct run *r, const char *bytes, size_t length)
{
    const char *why;
    json_t *row;

    if (row_blank(bytes, length))
        return;
    row = row_read(r->header, r->kind->fields, bytes, length, &why);
    if (row)
        batch_add(w, r->batch, r->kind->fields, row);
    else
        batch_add_broken(w, r->batch, bytes, length, why);
}

static int read_batch(struct work *w, struct run *r)
{
    bool csv = strcmp(r->job.format, "csv") == 0;
    size_t n, limit = limit_of(r);

    r->used = 0;
    r->batch = arena_alloc(w->arena, sizeof *r->batch);
    TRY(read_slice(w, r));
    if (csv)
        read_header(w, r);
    while (!r->status && r->batch->n < limit &&
           (n = row_length(csv, r->bytes + r->used, r->length - r->used, r->last))) {
        read_row(w, r, r->bytes + r->used, n);
        r->used += n;
    }
    if (!r->status && r->job.read_to + (int64_t)r->used >= r->job.bytes)
        r->status = "done";
    return OK;
}

/* --- dealing with it ----------------------------------------------------------------------------------- */

static int handle(struct work *w, struct run *r)
{
    struct batch *b = r->batch;

    if (*trouble.code && b->n) {
        fault_at(w, "", arena_copy(w->arena, trouble.code, strlen(trouble.code)), "%s", trouble.detail);
        batch_refuse(w, b, 0);
    }
    return b->n > b->refused + b->known ? r->kind->handler(w, b) : OK;
}

static int tell(struct work *w, const struct run *r, const char *verb)
{
    return announce(w, event_type(w, textf(w, "import.%s", verb)), "import", r->id);
}

/* Stores the rows' results and the cursor. */
static int note(struct work *w, const struct run *r)
{
    const struct batch *b = r->batch;
    const char *refused = batch_refused_json(w, b, r->job.row_no + 1);
    int64_t to = r->job.read_to + (int64_t)r->used, percent = r->job.bytes ? to * 100 / r->job.bytes : 100;
    int64_t moved;

    if (refused)
        TRY(q_import_refused_add(w, r->id, refused));
    TRY(q_import_move(w, r->id, to, (int64_t)b->n, (int64_t)(b->n - b->refused - b->known), (int64_t)b->known,
                      (int64_t)b->refused, r->header_text, &moved));
    if (!moved)
        return fail(w, BUSY, "import.cancelled", "The import was cancelled.");
    if (r->status || percent / TOLD_EVERY <= r->job.told / TOLD_EVERY)
        return OK;
    TRY(q_import_told(w, r->id, percent));
    return tell(w, r, "progressed");
}

static int end(struct work *w, const struct run *r)
{
    TRY(q_import_end(w, r->id, r->status, r->fault));
    return tell(w, r, strcmp(r->status, "done") == 0 ? "finished" : r->status);
}

static int one_batch(struct work *w, struct run *r)
{
    TRY(read_batch(w, r));
    TRY(handle(w, r));
    TRY(note(w, r));
    return r->status ? end(w, r) : OK;
}

/* --- a whole file in one transaction ------------------------------------------------------------------- */

static int again(struct work *w)
{
    const struct run *r = w->context;

    return q_import_again(w, r->id);
}

static int report(struct work *w)
{
    return note(w, w->context);
}

static int report_end(struct work *w)
{
    return end(w, w->context);
}

/* Beside the file's own transaction, and whatever becomes of that. */
static int beside(struct work *w, struct run *r, int (*f)(struct work *))
{
    struct work other;
    int fault;

    work_begin(&other, JOB, r->job.actor);
    other.context = r;
    fault = work_run(&other, f, NULL);
    work_end(&other);
    return fault == OK ? OK : fail(w, BUSY, "import.report", "The import's progress could not be saved.");
}

/* The next batch in memory of its own. Nothing of it may stay in the pipeline when that goes: a row is read
 * last. */
static int next_batch(struct work *w, struct run *r, struct import_state_row *state)
{
    TRY(read_batch(w, r));
    TRY(handle(w, r));
    TRY(transaction_flush(w));
    if (r->header_text)
        r->job.header = r->header_text;
    TRY(beside(w, r, report));
    return q_import_state(w, r->id, state);
}

static void keep_outcome(struct work *w, struct arena *kept)
{
    w->errors = text_new(kept);
    w->code = w->code ? arena_copy(kept, w->code, strlen(w->code)) : NULL;
    w->detail = w->detail ? arena_copy(kept, w->detail, strlen(w->detail)) : NULL;
}

/* Batch after batch, each in an arena of its own, so that memory does not grow with the file. */
static int all_batches(struct work *w, struct run *r, struct import_state_row *state)
{
    struct arena *kept = w->arena;
    int fault = OK;

    for (bool running = true; fault == OK && !r->status && running && !runner_stopping(r->runner);) {
        w->arena = arena_new();
        w->errors = text_new(w->arena);
        fault = next_batch(w, r, state);
        running = fault != OK || strcmp(state->status, "running") == 0;
        r->job.read_to += (int64_t)r->used;
        r->job.row_no += (int64_t)r->batch->n;
        r->header_text = NULL;
        if (r->job.header)
            r->job.header = arena_copy(kept, r->job.header, strlen(r->job.header));
        if (r->fault)
            r->fault = arena_copy(kept, r->fault, strlen(r->fault));
        keep_outcome(w, kept);
        state->status = NULL;
        if (fault == OK)
            arena_free(w->arena);
        else /* what is still in the pipeline may point into it */
            arena_owns(kept, w->arena, (void (*)(void *))arena_free);
        w->arena = kept;
    }
    return fault;
}

static int whole_file(struct work *w, struct run *r)
{
    struct import_state_row state = {NULL};

    TRY(beside(w, r, again));
    r->job.read_to = r->job.row_no = 0;
    r->job.header = NULL;
    TRY(all_batches(w, r, &state));
    if (r->status && strcmp(r->status, "done") == 0 && state.refused > 0 &&
        strcmp(r->job.policy, "reject_all") == 0)
        r->status = "refused";
    if (r->status && strcmp(r->status, "done") == 0 && !r->job.dry_run) {
        return end(w, r);
    }
    w->dry_run = true; /* what the rows did is taken back */
    return r->status ? beside(w, r, report_end) : OK;
}

/* --- the thread ---------------------------------------------------------------------------------------- */

static int step(struct work *w)
{
    struct run *r = w->context;
    struct import_claim_row claim;

    *r = (struct run){.runner = r->runner};
    TRY(q_import_claim(w, &claim));
    if (!claim.found)
        return OK;
    TRY(q_import_read(w, claim.id, &r->job));
    r->kind = r->job.found ? import_kind_named(r->job.kind) : NULL;
    if (!r->kind)
        return OK;
    r->id = claim.id;
    if (strcmp(trouble.id, claim.id) != 0)
        memset(&trouble, 0, sizeof trouble);
    w->actor = r->job.actor;
    return is_whole(r) ? whole_file(w, r) : one_batch(w, r);
}

/* The file goes in as a whole or not at all: what it failed with is noted on it. */
static void whole_failed(struct work *w, struct run *r)
{
    struct work other;

    work_begin(&other, JOB, "import");
    other.context = r;
    give_up(&other, r, w->code ? w->code : "internal.error", w->detail ? w->detail : "It failed.");
    work_run(&other, report_end, NULL);
    work_end(&other);
}

static void batch_failed(const struct work *w, const struct run *r)
{
    bool alone = trouble.careful > 0 && r->batch && r->batch->n <= 1;

    snprintf(trouble.id, sizeof trouble.id, "%s", r->id);
    if (!trouble.careful)
        trouble.careful = r->batch ? (int)r->batch->n : 1;
    snprintf(trouble.code, sizeof trouble.code, "%s", alone && w->code ? w->code : "");
    snprintf(trouble.detail, sizeof trouble.detail, "%s", alone && w->detail ? w->detail : "");
}

static void batch_went_in(void)
{
    *trouble.code = '\0';
    trouble.careful -= trouble.careful > 0;
}

/* Go on with a file. False when there is none, or it has to wait. */
static bool go_on(struct run *r)
{
    struct work w;
    bool more;
    int fault;

    work_begin(&w, JOB, "import");
    w.context = r;
    fault = work_run(&w, step, NULL);
    more = fault == OK && r->id && !(is_whole(r) && !r->status);
    if (fault == OK && r->id)
        batch_went_in();
    else if (fault != OK && fault != BUSY && r->id) {
        is_whole(r) ? whole_failed(&w, r) : batch_failed(&w, r);
        more = true;
    } else if (fault != OK)
        log_rarely("import.waits", "%s", w.code ? w.code : "");
    work_end(&w);
    return more;
}

static int forget(struct work *w)
{
    return q_import_forget(w);
}

static void run(struct runner *runner)
{
    struct run r = {.runner = runner};
    int idle = 0;

    while (!runner_stopping(runner)) {
        if (go_on(&r))
            continue;
        runner_sleep(runner, POLL_MS);
        if (++idle % (600 * 1000 / POLL_MS) == 0) {
            struct work w;

            work_begin(&w, JOB, "import");
            work_run(&w, forget, NULL);
            work_end(&w);
        }
    }
}

void import_start(const struct import_kind *kinds)
{
    static struct runner runner = {.name = "imports", .run = run};

    import_kinds(kinds);
    if (kinds)
        runner_start(&runner);
}
