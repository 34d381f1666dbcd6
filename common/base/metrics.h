/* Counters and gauges that common/ keeps for operators. api/metrics_page.c serves them. */
#ifndef BACKROOM_METRICS_H
#define BACKROOM_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

struct text;

/* Counters. */
enum counter {
    EVENTS_PUBLISHED,
    PUBLISH_ERRORS,
    EVENTS_REPUBLISHED,
    EVENTS_APPLIED,
    EVENTS_SKIPPED,
    EVENTS_REDELIVERED,
    EVENTS_DEAD,
    DEADLINES_FIRED,
    SCHEDULES_RUN,
    STREAM_ALARMS,
    PARSER_COMPLAINTS,
    CALLS_LIMITED,
    COMMIT_BATCHES,
    COMMIT_BATCH_REQUESTS,
    COUNTERS
};
void metrics_add(enum counter c, int64_t n);
/* Gauges. */
enum gauge { NATS_STALLED, RELAY_LEADER, READY, STREAM_AHEAD, HTTP_IN_FLIGHT, GAUGES };
void metrics_set(enum gauge g, int64_t value);
void metrics_change(enum gauge g, int64_t by);
int64_t metrics_value(enum gauge g);

/* A gauge of one consumer, owned by it for as long as the process runs. */
struct consumer_gauge {
    const char *consumer;
    atomic_llong pending; /* events that it has still before it */
    struct consumer_gauge *next;
};
/* Adds it to the page; at start, before anything reads the page. */
void metrics_add_consumer(struct consumer_gauge *g);

/* Appends all of them in the Prometheus text format 0.0.4. */
void metrics_write(struct text *out);

#endif
