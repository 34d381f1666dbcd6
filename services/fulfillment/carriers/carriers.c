/* Carriers: tracking events of shipments. */
#include "fulfillment_areas.h"
#include "tracking.h"

static const struct field tracking_fields[] = {
    {"carrier", CODE, REQUIRED},
    {"tracking_number", CODE, REQUIRED},
    {"status", TEXT, REQUIRED, .choices = tracking_statuses},
    {"occurred_at", TIME, REQUIRED},
    {"note", TEXT, OPTIONAL, 0, 1000},
    {0},
};

static const struct route routes[] = {
    {"POST", "/v1/tracking-events", "tracking:write", tracking_fields, tracking_take, 201,
     "Record a tracking event of a carrier"},
    {0},
};

static const struct filter tracking_filters[] = {
    {"shipment_id", UUID}, {"carrier", CODE}, {"tracking_number", CODE}, {"status", TEXT}, {0}};

static const struct resource resources[] = {
    {
        .name = "tracking-events",
        .title = "tracking event",
        .view = "tracking_json",
        .read = "shipments:read",
        .reveal = "shipments:personal",
        .filters = tracking_filters,
        .sorts = "occurred_at",
    },
    {0},
};

static const struct deadline deadlines[] = {{"tracking_silence", tracking_silent}, {0}};

const struct area fulfillment_carriers = {
    .name = "carriers",
    .routes = routes,
    .resources = resources,
    .deadlines = deadlines,
};
