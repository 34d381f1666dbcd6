#include "delivery.h"

#include <unistd.h>

#include "config.h"
#include "consume.h"
#include "crash.h"
#include "metrics.h"

enum {
    ATTEMPTS = 8,
    BACKOFF_MAX_MS = 300000,
    GAP_DELAY_MS = 100, /* times the number of deliveries */
    GAP_DELAY_MAX_MS = 5000,
    GAP_DELIVERIES = 110, /* about five minutes: 50 short delays, then 60 of 5 s */
    WAIT_MS = 200,
    LEFT_DELAY_MS = 1000,
};

static struct delivery *delivery_of(struct batch *b)
{
    return (struct delivery *)((char *)b - offsetof(struct delivery, batch));
}

/* Keeps the messages, so that they keep their order, and extends their AckWait at the server. */
static bool wait_for_database(struct batch *b, int first, int last)
{
    struct delivery *d = delivery_of(b);

    for (int n = first; n <= last; n++)
        message_in_progress(&d->messages, n);
    usleep(WAIT_MS * 1000);
    return !atomic_load(d->stopping);
}

void delivery_init(struct delivery *d, const struct consumer *c, const atomic_bool *stopping)
{
    d->consumer = d->batch.consumer = c;
    d->stopping = stopping;
    d->batch.wait = wait_for_database;
    pull_init(&d->pull, c->name, c->subject, c->mode & SINGLE_ACTIVE, c->linger_ms > 0);
}

/* --- one message ---------------------------------------------------------------------------------------- */

static void give_up(struct delivery *d, int n, const char *code, const char *detail)
{
    if (store_dead_letter(&d->batch, n, code, detail))
        message_ack(&d->messages, n);
}

static void deliver_again(struct delivery *d, int n, int64_t delay_ms)
{
    metrics_add(EVENTS_REDELIVERED, 1);
    message_nak_delayed(&d->messages, n, delay_ms);
}

/* After a gap: the missing event is on its way, or the stream lost it and the relay publishes it again. */
static void wait_for_missing(struct delivery *d, int n)
{
    int deliveries = message_deliveries(&d->messages, n);
    int64_t delay = GAP_DELAY_MS * (int64_t)deliveries;

    if (deliveries > GAP_DELIVERIES)
        give_up(d, n, "event.gap", "The previous event of this aggregate was not received.");
    else
        deliver_again(d, n, delay < GAP_DELAY_MAX_MS ? delay : GAP_DELAY_MAX_MS);
}

/* For an event that failed alone: it is tried again with growing delays. */
static void retry_or_dead_letter(struct delivery *d, int n, const struct failure *why)
{
    int deliveries = message_deliveries(&d->messages, n);
    int64_t delay = config_int("CONSUME_BACKOFF_MS", 1000);

    if (why->fault == INVALID || deliveries >= ATTEMPTS) {
        give_up(d, n, why->code, why->detail);
        return;
    }
    delay <<= deliveries - 1;
    deliver_again(d, n, delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS);
}

static void settle(struct delivery *d, int n)
{
    switch (d->batch.verdicts[n]) {
    case APPLY:
    case SKIP:
        metrics_add(d->batch.verdicts[n] == APPLY ? EVENTS_APPLIED : EVENTS_SKIPPED, 1);
        message_ack(&d->messages, n);
        break;
    case POISON:
        give_up(d, n, "event.malformed", "This is not a valid Backroom event.");
        break;
    default:
        wait_for_missing(d, n);
    }
}

/* --- the batch ------------------------------------------------------------------------------------------ */

static void read_messages(struct delivery *d)
{
    d->batch.count = d->messages.count;
    for (int n = 0; n < d->batch.count; n++) {
        natsMsg *m = d->messages.all[n];

        d->batch.events[n] = (struct raw_event){natsMsg_GetData(m), (size_t)natsMsg_GetDataLength(m), false};
    }
}

/* They are delivered again later, perhaps to another instance. */
static void leave(struct delivery *d, int first, enum applied applied)
{
    d->suspended = applied == SUSPENDED;
    for (int n = first; n < d->batch.count; n++)
        message_nak_delayed(&d->messages, n, LEFT_DELAY_MS);
}

static void apply_one_by_one(struct delivery *d)
{
    for (int n = 0; n < d->batch.count; n++) {
        struct failure why;
        enum applied applied = apply_events(&d->batch, n, n, &why);

        if (applied == APPLIED) {
            settle(d, n);
        } else if (applied == FAILED) {
            retry_or_dead_letter(d, n, &why);
        } else {
            leave(d, n, applied);
            break;
        }
    }
}

static void apply_together(struct delivery *d)
{
    struct failure why;
    enum applied applied = apply_events(&d->batch, 0, d->batch.count - 1, &why);

    if (applied == FAILED) {
        apply_one_by_one(d);
    } else if (applied != APPLIED) {
        leave(d, 0, applied);
    } else {
        crash_point("consume.applied");
        for (int n = 0; n < d->batch.count; n++)
            settle(d, n);
    }
}

void delivery_process(struct delivery *d)
{
    crash_point("consume.received");
    d->suspended = false;
    read_messages(d);
    if (d->consumer->mode & BATCH)
        apply_together(d);
    else
        apply_one_by_one(d);
    messages_drop(&d->messages);
    crash_point("consume.acknowledged");
}
