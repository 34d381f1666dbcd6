/* Figures for operators, in the Prometheus text format. Labels are route templates, methods and status classes:
 * never ids. */
#ifndef BACKROOM_METRICS_PAGE_H
#define BACKROOM_METRICS_PAGE_H

#include <stdint.h>

struct bound_route;
struct work;

void metrics_request(const struct bound_route *route, int status, int64_t microseconds);
void metrics_parser_complaint(void);

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

/* A figure of the service's own that only its database knows: a row of its table of contents. */
struct own_gauge {
    const char *name;
    int (*read)(struct work *w, int64_t *value);
};
void metrics_gauges(const struct own_gauge *own);

/* How many events a consumer has still before it; place: its row in the service's table. */
void metrics_pending(int place, const char *consumer, int64_t n);

/* The whole page. */
const char *metrics_page(struct work *w);

#endif
