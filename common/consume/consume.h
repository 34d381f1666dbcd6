/*
 * Consumers: rows that define which events of other services a service applies, and the functions with which
 * handlers read events.
 *
 * # Theory of operation
 *
 * ## Overview
 *
 * Each row is a durable consumer of JetStream and a thread in every instance (worker.c):
 *
 *     pull      messages of the row's subject, up to BATCH_MAX a batch (pull.h, messages.h)
 *     apply     all of them in one transaction (apply.h): the version gate decides, the handler changes the
 *               service's own tables, the inbox records which events were applied
 *     answer    +ACK for what was applied or skipped, -NAK with a delay for what must wait
 *
 * and again. A consumer that lingers begins a transaction at most every linger_ms, so that under load more
 * events share one; an event that comes after a pause is applied at once. With SINGLE_ACTIVE one instance
 * pulls at a time, the one that holds a session-level advisory lock (leader.h); otherwise all pull from the
 * same durable.
 *
 * ## The version gate
 *
 * The cursor of a consumer for an aggregate (table inbox_cursor) is the version it has applied. An event with
 * the next version is applied, one with an older version is skipped, one with a later version is a gap: it
 * waits. So a consumer takes all events of an aggregate.
 *
 * ## Invariants
 *
 * - Cursor, inbox row and effect are one transaction, and cursors are locked while it runs: each event has
 *   exactly one effect, however often and wherever it is delivered.
 * - Events of one aggregate are applied in the order of their versions. Over aggregates there is no order,
 *   but with SINGLE_ACTIVE that of arrival (ADR 3).
 * - One event that cannot be applied holds up the later events of its own aggregate only.
 *
 * ## Failures
 *
 *     killed before the commit         the messages are delivered again after AckWait (10 s), or at once with
 *                                      SINGLE_ACTIVE
 *     killed before the answer         the same; they are skipped
 *     PostgreSQL unavailable           the batch is kept and retried, and AckWait is extended (+WPI)
 *     the batch fails                  its events are applied one by one; one that fails alone is retried
 *                                      with growing delays, up to 8 times, then stored as a dead letter (at
 *                                      once if its data is invalid)
 *     not a valid event                stored as a dead letter
 *     a gap                            the event is delivered again with a delay, for about five minutes,
 *                                      then stored as a dead letter: the missing one may be on its way, or
 *                                      the stream has lost it and the relay publishes it again
 *     stream, consumer or server gone  noticed by missing heartbeats; the durable is created again and
 *                                      delivers everything, which is skipped
 *     the server delivers nothing      noticed after 10 s; the durable is created again behind what was
 *                                      acknowledged
 */
#ifndef BACKROOM_CONSUME_H
#define BACKROOM_CONSUME_H

#include <jansson.h>
#include <stdbool.h>

struct field;
struct work;

enum {
    EACH = 0,  /* one event a transaction: w->in is its envelope, in_str() and the like read its data */
    BATCH = 1, /* many events a transaction: w->in is a list of envelopes, see event_batch() */
    SINGLE_ACTIVE = 2, /* only one instance at a time pulls: order of arrival is kept over all instances */
    REPLAYABLE = 4,    /* may be given again what it has applied: it only keeps copies and overwrites them */
};

/* How long consumers linger whose effect no request waits for. */
enum { LINGER_SHORT_MS = 20, LINGER_MEDIUM_MS = 100, LINGER_LONG_MS = 250 };

struct consumer {
    const char *subject; /* all events of one aggregate: "catalog.reservation.*" */
    const char *name;    /* durable, for good: "orders-reservations" */
    int mode;
    const struct field *fields; /* what the data must have (more is ignored); NULL: not checked */
    int (*handler)(struct work *w);
    int linger_ms; /* BATCH: at least so long from the beginning of one transaction to that of the next */
    /* Types whose data the handler of a BATCH reads, the last NULL: that of others is not checked against
     * `fields`. NULL: all. */
    const char *const *reads;
};

/* The service's consumers. To be called once, at start. */
void consume_open(const struct consumer *rows);
/* All of them; ends with a row of zeros. */
const struct consumer *consumer_rows(void);
/* NULL if the service has none of this name. */
const struct consumer *consumer_named(const char *name);

/* For an EACH handler: does the event's type end with this word ("shipped")? */
bool event_is(struct work *w, const char *word);
/* The id of the event's aggregate; the event's time, RFC 3339; its personal data as JSON text or NULL. */
const char *event_aggregate_id(struct work *w);
const char *event_time(struct work *w);
const char *event_private(struct work *w);

/* For a BATCH handler: is there one of this type? */
bool event_has(struct work *w, const char *type);

/* The aggregates that the events of this type are about, as an array of PostgreSQL; NULL when there is
 * none. */
const char *event_subjects(struct work *w, const json_t *events, const char *type);

/* For a BATCH handler: the data of all events of this type (NULL: of every type) as a JSON list in order of
 * arrival, each with `event_type`, `event_time` and, if the event has it, `private` added; NULL when there is
 * none. */
const char *event_batch(struct work *w, const char *type);

#endif
