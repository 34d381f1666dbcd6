/* Counters and gauges that the machinery keeps for operators. api/metrics_page.c writes them out. */
#ifndef BACKROOM_METRICS_H
#define BACKROOM_METRICS_H

#include <stdint.h>

struct text;

/* Counters that machinery raises by name. */
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
/* Gauges that machinery sets. */
enum gauge { NATS_STALLED, RELAY_LEADER, READY, STREAM_AHEAD, GAUGES };
void metrics_set(enum gauge g, int64_t value);

enum { CONSUMERS_MAX = 64 };

/* How many events a consumer has still before it; place: its row in the service's table. */
void metrics_pending(int place, const char *consumer, int64_t n);

/* Append all of them in the Prometheus text format 0.0.4. */
void metrics_write(struct text *out);

#endif
