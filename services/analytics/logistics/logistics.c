/* Logistics: parcels by day, carrier and warehouse. */
#include "analytics_areas.h"
#include "parcels.h"
#include "report.h"

static const struct field parcels_fields[] = {
    {.extends = window_fields}, {"by", TEXT, .choices = "carrier|day|warehouse"}, {0}};

/* Of fulfillment's events: what is needed here; more is ignored. */
static const struct field shipment_event_fields[] = {
    {"id", UUID, REQUIRED}, {"order_id", UUID}, {"shipped_at", TIME}, {"delivered_at", TIME}, {0}};

static const struct route routes[] = {
    {"GET", "/v1/parcels", "reports:read", parcels_fields, parcels_get, 200,
     "Get the parcels shipped and delivered"},
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "fulfillment.shipment.*",
        .name = "analytics-shipments",
        .mode = BATCH,
        .fields = shipment_event_fields,
        .handler = analytics_on_fulfillment_shipment,
        .linger_ms = LINGER_LONG_MS,
    },
    {0},
};

const struct area analytics_logistics = {
    .name = "logistics",
    .routes = routes,
    .consumers = consumers,
};
