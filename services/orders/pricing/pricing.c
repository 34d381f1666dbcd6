/* Pricing: the price list, copied from catalog's events, and the channels that orders come from. */
#include "channel.h"
#include "orders_areas.h"
#include "price.h"

static const struct field channel_fields[] = {{"kind", TEXT, REQUIRED, .choices = "own|platform"}, {0}};

static const struct field product_event_fields[] = {{"id", UUID, REQUIRED}, {0}};

static const struct route routes[] = {
    {"PUT", "/v1/channels/{name}", "channels:write", channel_fields, channel_set, 200, "Set a channel"},
    {0},
};

static const struct filter price_filters[] = {{"sku", CODE}, {"sellable", BOOLEAN}, {0}};
static const struct filter channel_filters[] = {{"kind", TEXT}, {0}};

static const struct resource resources[] = {
    {
        .name = "prices",
        .title = "price",
        .view = "price_json",
        .read = "orders:read",
        .filters = price_filters,
        .sorts = "sku,updated_at",
        .key = "sku",
    },
    {
        .name = "channels",
        .title = "channel",
        .aggregate = "channel",
        .table = "channel",
        .view = "channel_json",
        .read = "orders:read",
        .filters = channel_filters,
        .sorts = "name",
        .key = "name",
    },
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "catalog.product.*",
        .name = "orders-products",
        .mode = BATCH | REPLAYABLE,
        .fields = product_event_fields,
        .handler = orders_on_catalog_product,
        .linger_ms = LINGER_MEDIUM_MS,
    },
    {0},
};

const struct area orders_pricing = {
    .name = "pricing",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
};
