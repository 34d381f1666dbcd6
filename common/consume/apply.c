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
#include "utf8.h"

enum { SLOW_TRIES = 5 };

static json_t *read_event(struct work *w, struct batch *b, int n)
{
    const struct raw_event *raw = &b->events[n];
    const char *why;
    json_t *e = envelope_read(w, raw->bytes, raw->length, n, &why);

    if (!e)
        b->verdicts[n] = POISON;
    return e;
}

/* --- one transaction ------------------------------------------------------------------------------------ */

/* What apply() is called with. */
struct application {
    struct batch *batch;
    json_t *envelopes;
};

static int apply(struct work *w)
{
    const struct application *a = w->context;

    return inbox_apply(w, a->batch->consumer, a->envelopes, a->batch->verdicts);
}

static int run_transaction(struct work *w, struct batch *b, int first, int last)
{
    struct application a = {b, arena_owns(w->arena, json_array(), (void (*)(void *))json_decref)};

    for (int n = first; n <= last; n++) {
        json_t *e;

        b->verdicts[n] = UNKNOWN;
        e = read_event(w, b, n);
        if (e)
            json_array_append(a.envelopes, e);
    }
    w->context = &a;
    return json_array_size(a.envelopes) ? work_run(w, apply, NULL) : OK;
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
        slow += strcmp(why->code, "database.unavailable") != 0;
        if (why->fault != BUSY || slow > SLOW_TRIES)
            return FAILED;
        if (!b->wait(b, first, last))
            return GIVEN_UP;
    }
    return APPLIED;
}

/* --- what cannot be applied ----------------------------------------------------------------------------- */

/* What insert() is called with. */
struct dead_letter {
    const char *consumer, *code, *detail, *body;
    const json_t *envelope; /* NULL: it is no event */
};

static int insert(struct work *w)
{
    const struct dead_letter *d = w->context;
    const json_t *e = d->envelope;

    return q_dead_letter_add(w, d->consumer, json_text_in(e, "id"), json_text_in(e, "type"),
                             json_text_in(e, "aggregate_id"),
                             e ? sql_from_int(w, json_integer_value(json_object_get(e, "version"))) : NULL,
                             d->code, d->detail, d->body);
}

/* What is no event, as a JSON string: its text, or its bytes in hexadecimal if they are no text. */
static const char *quoted(struct work *w, const struct raw_event *raw)
{
    char *hex;

    if (utf8_valid(raw->bytes, raw->length))
        return json_text(w, arena_owns(w->arena, json_stringn_nocheck(raw->bytes, raw->length),
                                       (void (*)(void *))json_decref));
    hex = arena_alloc(w->arena, 2 * raw->length + 1);
    hex_write(hex, (const unsigned char *)raw->bytes, raw->length);
    return textf(w, "\"%s\"", hex);
}

bool store_dead_letter(struct batch *b, int n, const char *code, const char *detail)
{
    const struct raw_event *raw = &b->events[n];
    struct dead_letter d = {.consumer = b->consumer->name, .code = code, .detail = detail};
    struct work w;
    bool stored;

    work_begin(&w, DELIVERY, d.consumer);
    d.envelope = read_event(&w, b, n);
    d.body = d.envelope ? arena_copy(w.arena, raw->bytes, raw->length) : quoted(&w, raw);
    w.context = &d;
    stored = work_run(&w, insert, NULL) == OK;
    if (stored) {
        metrics_add(EVENTS_DEAD, 1);
        log_error(w.trace, "event.dead", "%s: %s", d.consumer, code);
    }
    work_end(&w);
    return stored;
}
