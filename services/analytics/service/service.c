/* Service: tickets and surveys. */
#include "analytics_areas.h"
#include "report.h"
#include "service_stats.h"

static const struct route routes[] = {
    {"GET", "/v1/service", "reports:read", window_fields, service_get, 200,
     "Get figures of tickets and surveys"},
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "support.ticket.*",
        .name = "analytics-tickets",
        .mode = BATCH,
        .handler = analytics_on_support_ticket,
        .linger_ms = LINGER_LONG_MS,
    },
    {
        .subject = "support.survey.*",
        .name = "analytics-surveys",
        .mode = BATCH,
        .handler = analytics_on_support_survey,
        .linger_ms = LINGER_LONG_MS,
    },
    {0},
};

const struct area analytics_service = {
    .name = "service",
    .routes = routes,
    .consumers = consumers,
};
