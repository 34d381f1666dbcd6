/* Staff: business hours. */
#include "business_hours.h"
#include "support_areas.h"

static const struct route routes[] = {
    {"PUT", "/v1/business-hours", "calendar:write", business_hours_fields, business_hours_put, 200,
     "Set the business hours"},
    {0},
};

static const struct resource resources[] = {
    {
        .name = "business-hours",
        .title = "set of business hours",
        .titles = "sets of business hours",
        .aggregate = "business_hours",
        .table = "business_hours",
        .view = "business_hours_json",
        .read = "tickets:read",
        .sorts = "name",
        .key = "name",
    },
    {0},
};

const struct area support_staff = {
    .name = "staff",
    .routes = routes,
    .resources = resources,
};
