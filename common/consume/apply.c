#include "apply.h"

#include <stdio.h>
#include <string.h>

#include "consume.h"
#include "dead_letter_queries.h"
#include "envelope.h"
#include "hex.h"
#include "inbox.h"
#include "log.h"
#include "metrics.h"
#include "transaction.h"
#include "utf8.h"

enum { SLOW_TRIES = 5 };

static json_t *read_event(struct work *w, const struct batch *b, int n)
{
    const struct raw_event *raw = &b->events[n];
    const char *why;
    json_t *e = envelope_read(w, raw->bytes, raw->length, n, &why);

    if (e)
        json_object_set_new(e, "rewinds", json_boolean(raw->rewinds));
    return e;
}

/* --- one transaction ------------------------------------------------------------------------------------ */

/* What apply() and insert() are called with. */
struct application {
    struct batch *batch;
    int first, last;
    json_t *envelopes;
    const char *code, *detail;
};

static int finish(struct work *w, const struct application *a)
{
    return a->batch->finish ? a->batch->finish(w, a->batch, a->first, a->last) : OK;
}

static int apply(struct work *w)
{
    const struct application *a = w->context;
    struct batch *b = a->batch;

    if (json_array_size(a->envelopes))
        TRY(inbox_apply(w, b->consumer, a->envelopes, b->verdicts, b->finish ? REPLAYED : DELIVERED));
    return finish(w, a);
}

static int run_transaction(struct work *w, struct batch *b, int first, int last)
{
    struct application a = {.batch = b, .first = first, .last = last};

    a.envelopes = json_owned(w, json_array());
    for (int n = first; n <= last; n++) {
        json_t *e = read_event(w, b, n);

        b->verdicts[n] = e ? UNKNOWN : POISON;
        if (e)
            json_array_append(a.envelopes, e);
    }
    w->context = &a;
    return json_array_size(a.envelopes) || b->finish ? work_run(w, apply, NULL) : OK;
}

static enum fault try_once(struct batch *b, int first, int last, struct failure *why)
{
    struct work w;

    work_begin(&w, DELIVERY, b->consumer->name);
    why->fault = (enum fault)run_transaction(&w, b, first, last);
    snprintf(why->code, sizeof why->code, "%s", w.code ? w.code : "");
    snprintf(why->detail, sizeof why->detail, "%s", w.detail ? w.detail : "");
    work_end(&w);
    return why->fault;
}

enum applied apply_events(struct batch *b, int first, int last, struct failure *why)
{
    int slow = 0;

    while (try_once(b, first, last, why) != OK) {
        if (strcmp(why->code, CONSUMER_SUSPENDED) == 0)
            return SUSPENDED;
        slow += strcmp(why->code, "database.unavailable") != 0;
        if (why->fault != BUSY || slow > SLOW_TRIES)
            return FAILED;
        if (!b->wait(b, first, last))
            return GIVEN_UP;
    }
    return APPLIED;
}

/* --- what cannot be applied ----------------------------------------------------------------------------- */

/* What is no event, as a JSON string: its text, or its bytes in hexadecimal if they are no text. */
static const char *quoted(struct work *w, const struct raw_event *raw)
{
    char *hex;

    if (utf8_valid(raw->bytes, raw->length))
        return json_text(w, json_owned(w, json_stringn_nocheck(raw->bytes, raw->length)));
    hex = arena_alloc(w->arena, 2 * raw->length + 1);
    hex_write(hex, (const unsigned char *)raw->bytes, raw->length);
    return textf(w, "\"%s\"", hex);
}

int insert_dead_letter(struct work *w, struct batch *b, int n, const char *code, const char *detail)
{
    const struct raw_event *raw = &b->events[n];
    const json_t *e = read_event(w, b, n);

    if (!e)
        return q_dead_letter_malformed(w, b->consumer->name, code, detail, quoted(w, raw));
    return q_dead_letter_add(w, b->consumer->name, json_text_in(e, "id"), json_text_in(e, "type"),
                             json_text_in(e, "aggregate_id"),
                             sql_from_int(w, json_integer_value(json_object_get(e, "version"))), code, detail,
                             arena_copy(w->arena, raw->bytes, raw->length));
}

void report_dead_letter(const struct batch *b, const char *code)
{
    metrics_add(EVENTS_DEAD, 1);
    log_error(NULL, "event.dead", "%s: %s", b->consumer->name, code);
}

static int insert(struct work *w)
{
    const struct application *a = w->context;

    TRY(insert_dead_letter(w, a->batch, a->first, a->code, a->detail));
    return finish(w, a);
}

bool store_dead_letter(struct batch *b, int n, const char *code, const char *detail)
{
    struct application a = {.batch = b, .first = n, .last = n, .code = code, .detail = detail};
    struct work w;
    bool stored;

    b->verdicts[n] = UNKNOWN;
    work_begin(&w, DELIVERY, b->consumer->name);
    w.context = &a;
    stored = work_run(&w, insert, NULL) == OK;
    if (stored)
        report_dead_letter(b, code);
    work_end(&w);
    return stored;
}
