#include "metrics.h"

#include "arena.h"

static atomic_llong counters[COUNTERS], gauges[GAUGES];
static struct consumer_gauge *_Atomic consumers;

static const char *const counter_names[COUNTERS] = {
    [EVENTS_PUBLISHED] = "backroom_events_published_total",
    [PUBLISH_ERRORS] = "backroom_publish_errors_total",
    [EVENTS_REPUBLISHED] = "backroom_events_republished_total",
    [EVENTS_APPLIED] = "backroom_events_applied_total",
    [EVENTS_SKIPPED] = "backroom_events_skipped_total",
    [EVENTS_REDELIVERED] = "backroom_events_redelivered_total",
    [EVENTS_DEAD] = "backroom_events_dead_lettered_total",
    [DEADLINES_FIRED] = "backroom_deadlines_fired_total",
    [SCHEDULES_RUN] = "backroom_schedules_run_total",
    [STREAM_ALARMS] = "backroom_stream_alarms_total",
    [PARSER_COMPLAINTS] = "backroom_http_broken_requests_total",
    [CALLS_LIMITED] = "backroom_http_limited_total",
    [COMMIT_BATCHES] = "backroom_commit_batches_total",
    [COMMIT_BATCH_REQUESTS] = "backroom_commit_batch_requests_total"};
static const char *const gauge_names[GAUGES] = {[NATS_STALLED] = "backroom_nats_stalled",
                                                [RELAY_LEADER] = "backroom_relay_leader",
                                                [READY] = "backroom_ready",
                                                [STREAM_AHEAD] = "backroom_stream_ahead",
                                                [HTTP_IN_FLIGHT] = "backroom_http_in_flight"};

void metrics_add(enum counter c, int64_t n)
{
    atomic_fetch_add_explicit(&counters[c], n, memory_order_relaxed);
}

void metrics_set(enum gauge g, int64_t value)
{
    atomic_store(&gauges[g], value);
}

void metrics_change(enum gauge g, int64_t by)
{
    atomic_fetch_add(&gauges[g], by);
}

int64_t metrics_value(enum gauge g)
{
    return atomic_load(&gauges[g]);
}

void metrics_add_consumer(struct consumer_gauge *g)
{
    g->next = atomic_load(&consumers);
    atomic_store(&consumers, g);
}

static void add_consumers(struct text *t)
{
    text_add(t, "# TYPE backroom_consumer_pending gauge\n");
    for (struct consumer_gauge *g = atomic_load(&consumers); g; g = g->next)
        text_addf(t, "backroom_consumer_pending{consumer=\"%s\"} %lld\n", g->consumer,
                  (long long)atomic_load(&g->pending));
}

void metrics_write(struct text *t)
{
    for (int i = 0; i < COUNTERS; i++)
        text_addf(t, "# TYPE %s counter\n%s %lld\n", counter_names[i], counter_names[i],
                  (long long)counters[i]);
    for (int i = 0; i < GAUGES; i++)
        text_addf(t, "# TYPE %s gauge\n%s %lld\n", gauge_names[i], gauge_names[i], (long long)gauges[i]);
    add_consumers(t);
}
