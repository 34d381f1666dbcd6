/* Customers, as derived from their orders. */
#include "customer.h"
#include "customer_erasure.h"
#include "support_areas.h"

/* Of orders' events: what is needed here; more is ignored. */
static const struct field order_event_fields[] = {
    {"id", UUID, REQUIRED},
    {"status", TEXT, REQUIRED},
    {"currency", CURRENCY, REQUIRED},
    {"total", INTEGER, REQUIRED},
    {"paid", INTEGER},
    {"refunded", INTEGER},
    {"placed_at", TIME, REQUIRED},
    {0},
};

static const struct route routes[] = {
    {"POST", "/v1/customers/{id}/erase", "customers:erase", NULL, customer_erase, 200,
     "Erase the customer's personal data"},
    {0},
};

static const struct filter customer_filters[] = {
    {"ref", CODE},
    {"level", TEXT},
    {"orders_from", INTEGER, "orders >= ?::bigint"},
    {0},
};

static const struct resource resources[] = {
    {
        .name = "customers",
        .title = "customer",
        .aggregate = "customer",
        .table = "customer",
        .view = "customer_json",
        .read = "customers:read",
        .reveal = "customers:personal",
        .filters = customer_filters,
        .sorts = "created_at,last_order_at,orders",
    },
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "orders.order.*",
        .name = "support-orders",
        .mode = BATCH,
        .fields = order_event_fields,
        .handler = support_on_orders_order,
        .linger_ms = LINGER_MEDIUM_MS,
    },
    {0},
};

const struct area support_customers = {
    .name = "customers",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
};
