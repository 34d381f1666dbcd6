#include "metrics_page.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "dead_letter_queries.h"
#include "health.h"
#include "metrics.h"
#include "relay_queries.h"
#include "route.h"
#include "work.h"

enum { BUCKETS = 12, CLASSES = 6 };

static const int64_t bucket_us[BUCKETS] = {500,   1000,   2500,   5000,   10000,   25000,
                                           50000, 100000, 250000, 500000, 1000000, 2500000};

/* The last row counts requests that matched no route. */
static struct {
    atomic_llong bucket[BUCKETS + 1], sum_us, by_class[CLASSES];
} requests[ROUTES_MAX + 1];

static const struct own_gauge *own_gauges;

void metrics_gauges(const struct own_gauge *own)
{
    own_gauges = own;
}

void metrics_request(const struct bound_route *route, int status, int64_t us)
{
    int count, i = 0;
    long row = route ? route - route_all(&count) : ROUTES_MAX;

    while (i < BUCKETS && us > bucket_us[i])
        i++;
    atomic_fetch_add_explicit(&requests[row].bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&requests[row].sum_us, us, memory_order_relaxed);
    atomic_fetch_add_explicit(&requests[row].by_class[status / 100 % CLASSES], 1, memory_order_relaxed);
}

static void add_route(struct text *t, const char *method, const char *path, int row)
{
    int64_t sofar = 0;

    for (int c = 1; c < CLASSES; c++) {
        if (requests[row].by_class[c])
            text_addf(t, "backroom_http_requests_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} %lld\n",
                      method, path, c, (long long)requests[row].by_class[c]);
    }
    for (int i = 0; i <= BUCKETS; i++)
        sofar += requests[row].bucket[i];
    if (!sofar)
        return;
    sofar = 0;
    for (int i = 0; i < BUCKETS; i++) {
        sofar += requests[row].bucket[i];
        text_addf(t,
                  "backroom_http_request_seconds_bucket{method=\"%s\",route=\"%s\",le=\"%g\"} %" PRId64 "\n",
                  method, path, (double)bucket_us[i] / 1e6, sofar);
    }
    sofar += requests[row].bucket[BUCKETS];
    text_addf(t, "backroom_http_request_seconds_bucket{method=\"%s\",route=\"%s\",le=\"+Inf\"} %" PRId64 "\n",
              method, path, sofar);
    text_addf(t, "backroom_http_request_seconds_sum{method=\"%s\",route=\"%s\"} %g\n", method, path,
              (double)requests[row].sum_us / 1e6);
    text_addf(t, "backroom_http_request_seconds_count{method=\"%s\",route=\"%s\"} %" PRId64 "\n", method,
              path, sofar);
}

static void add_own(struct work *w, struct text *t)
{
    for (const struct own_gauge *g = own_gauges; g && g->name; g++) {
        int64_t value;

        if (g->read(w, &value) == OK)
            text_addf(t, "# TYPE %s gauge\n%s %" PRId64 "\n", g->name, g->name, value);
    }
}

/* What only the database knows; left out when it does not respond. */
static void add_database(struct work *w, struct text *t)
{
    struct event_lag_row lag;
    struct dead_letters_open_row dead;
    bool up = q_event_lag(w, &lag) == OK && q_dead_letters_open(w, &dead) == OK;

    text_addf(t, "# TYPE backroom_database_up gauge\nbackroom_database_up %d\n", up);
    if (!up)
        return;
    text_addf(t, "# TYPE backroom_outbox_unpublished gauge\nbackroom_outbox_unpublished %" PRId64 "\n",
              lag.unpublished);
    text_addf(t, "# TYPE backroom_outbox_oldest_seconds gauge\nbackroom_outbox_oldest_seconds %" PRId64 "\n",
              lag.oldest);
    text_addf(t, "# TYPE backroom_dead_letters gauge\nbackroom_dead_letters %" PRId64 "\n", dead.n);
    add_own(w, t);
}

const char *metrics_page(struct work *w)
{
    struct text t = text_new(w->arena);
    const struct bound_route *all;
    int count, open, used;
    uint64_t refused;

    all = route_all(&count);
    text_add(&t,
             "# TYPE backroom_http_requests_total counter\n# TYPE backroom_http_request_seconds histogram\n");
    for (int i = 0; i < count; i++)
        add_route(&t, all[i].row.method, all[i].row.path, i);
    add_route(&t, "any", "none", ROUTES_MAX);
    metrics_write(&t);
    sql_gauges(&open, &used, &refused);
    text_addf(&t, "# TYPE backroom_pool_connections gauge\nbackroom_pool_connections %d\n", open);
    text_addf(&t, "# TYPE backroom_pool_used gauge\nbackroom_pool_used %d\n", used);
    text_addf(&t, "# TYPE backroom_pool_refused_total counter\nbackroom_pool_refused_total %" PRIu64 "\n",
              refused);
    text_addf(&t, "# TYPE backroom_build_info gauge\nbackroom_build_info{version=\"%s\"} 1\n",
              BACKROOM_VERSION);
    add_database(w, &t);
    return t.bytes;
}
