#include "delivery.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "consume.h"
#include "crash.h"
#include "dead_letter_queries.h"
#include "envelope.h"
#include "field.h"
#include "hex.h"
#include "inbox.h"
#include "log.h"
#include "metrics.h"
#include "transaction.h"
#include "utf8.h"
#include "work.h"

enum { ATTEMPTS = 8, GAP_DELAY_MS = 100, GAP_SECONDS = 300, SLOW_TRIES = 5 };

/* --- one transaction ----------------------------------------------------------------------------------- */

static _Thread_local struct delivery *current;
static _Thread_local json_t *envelopes;

static int apply(struct work *w)
{
    return inbox_apply(w, current->consumer, envelopes, current->verdicts);
}

static json_t *parse(const struct delivery *d, natsMsg *m, const char **why)
{
    const char *bytes = natsMsg_GetData(m);
    size_t length = (size_t)natsMsg_GetDataLength(m);

    return inbox_reads(d->consumer, natsMsg_GetSubject(m)) ? json_parse_event(bytes, length, why)
                                                           : envelope_head(bytes, length, why);
}

static json_t *read_message(struct work *w, struct delivery *d, int n)
{
    json_t *parsed = d->batch.parsed[n], *e = NULL;
    const char *why;

    d->batch.parsed[n] = NULL;
    if (!parsed)
        parsed = parse(d, d->batch.all[n], &why);
    if (parsed)
        e = envelope_take(w, parsed, n, &why);
    if (!e)
        d->verdicts[n] = POISON;
    return e;
}

/* Apply messages first…last in one transaction. */
static int run_transaction(struct delivery *d, int first, int last, struct work *w)
{
    json_t *list;

    work_begin(w, DELIVERY, d->consumer->name);
    list = json_owned(w, json_array());
    for (int n = first; n <= last; n++) {
        json_t *e = read_message(w, d, n);

        if (e)
            json_array_append(list, e);
    }
    current = d;
    envelopes = list;
    return json_array_size(list) ? work_run(w, apply, NULL) : OK;
}

/* --- what cannot be applied ---------------------------------------------------------------------------- */

static _Thread_local struct {
    const json_t *envelope;
    const char *code, *detail, *body;
} dead;

static int bury(struct work *w)
{
    const json_t *e = dead.envelope;

    return q_dead_letter_add(w, current->consumer->name, json_text_in(e, "id"), json_text_in(e, "type"),
                             json_text_in(e, "aggregate_id"),
                             e ? sql_from_int(w, json_integer_value(json_object_get(e, "version"))) : NULL,
                             dead.code, dead.detail, dead.body);
}

/* What is no event, as a JSON string: its text, or its bytes in hexadecimal where they are none. */
static const char *quoted(struct work *w, const char *bytes, size_t length)
{
    char *hex;

    if (utf8_valid(bytes, length))
        return json_text(w, json_owned(w, json_stringn_nocheck(bytes, length)));
    hex = arena_alloc(w->arena, 2 * length + 1);
    hex_write(hex, (const unsigned char *)bytes, length);
    return textf(w, "\"%s\"", hex);
}

static bool dead_letter(struct delivery *d, int n, const char *code, const char *detail)
{
    const char *bytes = natsMsg_GetData(d->batch.all[n]);
    size_t length = (size_t)natsMsg_GetDataLength(d->batch.all[n]);
    struct work w;
    bool buried;

    work_begin(&w, DELIVERY, d->consumer->name);
    dead.envelope = read_message(&w, d, n);
    dead.code = code;
    dead.detail = detail;
    dead.body = dead.envelope ? arena_copy(w.arena, bytes, length) : quoted(&w, bytes, length);
    current = d;
    buried = work_run(&w, bury, NULL) == OK;
    if (buried) {
        metrics_add(EVENTS_DEAD, 1);
        log_error(w.trace, "event.dead", "%s: %s", d->consumer->name, code);
    }
    work_end(&w);
    return buried;
}

/* A gap: the missing event is on its way, or the stream lost it and the relay brings it again. */
static void wait_for_missing(struct delivery *d, int n)
{
    int tries = messages_deliveries(&d->batch, n);
    int64_t delay = GAP_DELAY_MS * (int64_t)tries;

    if (tries > GAP_SECONDS / 5 + 50 &&
        dead_letter(d, n, "event.gap", "The event before this one never came.")) {
        messages_reply(&d->batch, n, "+ACK");
        return;
    }
    metrics_add(EVENTS_REDELIVERED, 1);
    messages_nak_delayed(&d->batch, n, delay > 5000 ? 5000 : delay);
}

/* One event that failed alone: try again with growing pauses, then set it aside. */
static void give_up_or_later(struct delivery *d, int n, enum fault fault, const char *code,
                             const char *detail)
{
    int64_t pause = config_int("CONSUME_BACKOFF_MS", 1000);
    int tries = messages_deliveries(&d->batch, n);

    if (fault == INVALID || tries >= ATTEMPTS) {
        if (dead_letter(d, n, code, detail))
            messages_reply(&d->batch, n, "+ACK");
        return;
    }
    pause <<= tries - 1;
    metrics_add(EVENTS_REDELIVERED, 1);
    messages_nak_delayed(&d->batch, n, pause > 300000 ? 300000 : pause);
}

/* --- a pulled batch ------------------------------------------------------------------------------------ */

static void settle(struct delivery *d, int n)
{
    switch (d->verdicts[n]) {
    case APPLY:
    case SKIP:
        metrics_add(d->verdicts[n] == APPLY ? EVENTS_APPLIED : EVENTS_SKIPPED, 1);
        messages_reply(&d->batch, n, "+ACK");
        return;
    case POISON:
        if (dead_letter(d, n, "event.malformed", "This is not an event of ours."))
            messages_reply(&d->batch, n, "+ACK");
        return;
    case GAP:
        wait_for_missing(d, n);
        return;
    default:
        messages_nak_delayed(&d->batch, n, 1000);
    }
}

/* The database is away: hold the batch, tell the server that we are at it, and try again (order is kept). */
static bool hold(struct delivery *d, int first, int last)
{
    for (int n = first; n <= last; n++)
        messages_reply(&d->batch, n, "+WPI");
    usleep(200 * 1000);
    return !atomic_load(d->stopping);
}

/* 1 applied, 0 failed for another reason than the database being away, -1 stopping. Work that is always too slow
 * or always in somebody's way counts as failed after a few tries. */
static int apply_range(struct delivery *d, int first, int last, enum fault *fault, char code[64],
                       char detail[256])
{
    int slow = 0;

    for (;;) {
        struct work w;

        for (int n = first; n <= last; n++)
            d->verdicts[n] = UNKNOWN;
        *fault = (enum fault)run_transaction(d, first, last, &w);
        snprintf(code, 64, "%s", w.code ? w.code : "");
        snprintf(detail, 256, "%s", w.detail ? w.detail : "");
        work_end(&w);
        if (*fault == OK)
            return 1;
        slow += strcmp(code, "database.unavailable") != 0;
        if (*fault != BUSY || slow > SLOW_TRIES)
            return 0;
        if (!hold(d, first, last))
            return -1;
    }
}

static void one_by_one(struct delivery *d)
{
    char code[64], detail[256];
    enum fault fault;

    for (int n = 0; n < d->batch.count; n++) {
        int done = apply_range(d, n, n, &fault, code, detail);

        if (done > 0)
            settle(d, n);
        else if (done == 0)
            give_up_or_later(d, n, fault, code, detail);
    }
}

void delivery_process(struct delivery *d)
{
    char code[64], detail[256];
    enum fault fault;

    crash_point("consume.received");
    if (!(d->consumer->mode & BATCH) || apply_range(d, 0, d->batch.count - 1, &fault, code, detail) == 0) {
        one_by_one(d);
    } else {
        crash_point("consume.applied");
        for (int n = 0; n < d->batch.count; n++)
            settle(d, n);
    }
    messages_drop(&d->batch);
    crash_point("consume.acknowledged");
}
