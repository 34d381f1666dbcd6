/* GET /metrics, in the Prometheus text format. Labels are route templates, methods and status
 * classes: never ids. */
#ifndef BACKROOM_METRICS_PAGE_H
#define BACKROOM_METRICS_PAGE_H

#include <stdint.h>

struct bound_route;
struct work;

void metrics_request(const struct bound_route *route, int status, int64_t microseconds);

/* A gauge of the service's own that only its database knows. */
struct own_gauge {
    const char *name;
    int (*read)(struct work *w, int64_t *value);
};
void metrics_gauges(const struct own_gauge *own);

/* The whole page. */
const char *metrics_page(struct work *w);

#endif
