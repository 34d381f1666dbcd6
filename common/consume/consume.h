/*
 * What a service hears of others, as rows. Inbox row and effect are one transaction; events are applied by
 * aggregate version: older is skipped, the next is applied, after a gap it waits for what is missing; what cannot
 * be applied goes to dead_letter, and the others flow on.
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
    SINGLE_ACTIVE =
        2, /* only one instance at a time pulls, so that order of arrival is kept over all instances */
};

/* Paces for whom nobody waits by the millisecond. An event that comes after a pause is applied at once at any pace. */
enum { LINGER_SHORT_MS = 20, LINGER_MEDIUM_MS = 100, LINGER_LONG_MS = 250 };

struct consumer {
    const char *subject; /* all events of one aggregate: "catalog.reservation.*" */
    const char *name;    /* durable, for good: "orders-reservations" */
    int mode;
    const struct field *fields; /* what the data must have (more is ignored); NULL: not checked */
    int (*handler)(struct work *w);
    int linger_ms; /* BATCH: from one transaction to the next at least so long, so that under load events travel together */
    /* Types whose data the handler of a BATCH reads, the last NULL: that of others is not checked against `fields`. NULL: all. */
    const char *const *reads;
};

/* service: also the name of its schema. */
void consume_start(const char *service, const struct consumer *rows);
/* NULL if the service has none of this name. */
const struct consumer *consumer_named(const char *name);
/* All of them; ends with a row of zeros. */
const struct consumer *consumer_rows(void);
/* Hand over the rows without starting anything. */
void consume_open(const struct consumer *rows);
void consume_stop(void);

/* For an EACH handler: does the event's type end with this word ("shipped")? */
bool event_is(struct work *w, const char *word);
/* The id of the event's aggregate; the event's time, RFC 3339; its personal data as JSON text or NULL. */
const char *event_aggregate_id(struct work *w);
const char *event_time(struct work *w);
const char *event_private(struct work *w);

/* For a BATCH handler: is there one of this type? */
bool event_has(struct work *w, const char *type);

/* The aggregates that the events of this type are about, as an array of PostgreSQL; NULL when there is none. */
const char *event_subjects(struct work *w, const json_t *events, const char *type);

/* For a BATCH handler: the data of all events of this type (NULL: of every type) as a JSON list in order of arrival,
 * each with `event_type`, `event_time` and, if the event has it, `private` added; NULL when there is none. */
const char *event_batch(struct work *w, const char *type);

#endif
