/* Orders: placed, confirmed, shipped, delivered or cancelled. */
#include "cart.h"
#include "erasure.h"
#include "intake.h"
#include "order.h"
#include "order_events.h"
#include "order_import.h"
#include "orders_areas.h"

/* --- input ------------------------------------------------------------------------------------------- */

static const struct field customer_fields[] = {
    {"ref", CODE, REQUIRED},
    {"name", TEXT, REQUIRED},
    {"phone", TEXT, OPTIONAL, 0, 50},
    {"email", TEXT, OPTIONAL, 0, 254},
    {0},
};

static const struct field address_fields[] = {
    {"name", TEXT, REQUIRED},
    {"phone", TEXT, OPTIONAL, 0, 50},
    {"country", CODE, REQUIRED, 2, 2},
    {"region", TEXT, OPTIONAL, 0, 200},
    {"city", TEXT, REQUIRED},
    {"street", TEXT, REQUIRED, 1, 500},
    {"postcode", TEXT, OPTIONAL, 0, 20},
    {0},
};

static const struct field line_fields[] = {
    {"sku", CODE, REQUIRED},
    {"quantity", QUANTITY, REQUIRED},
    {"unit_price", MONEY},
    {0},
};

const struct field payment_fields[] = {
    {"method", CODE, REQUIRED},
    {"amount", MONEY, REQUIRED, 1, MONEY_MAX},
    {"reference", CODE, REQUIRED, 1, 128},
    {0},
};

static const struct field order_fields[] = {
    {"channel", CODE, REQUIRED},
    {"channel_ref", CODE, REQUIRED, 1, 128},
    {"currency", CURRENCY, REQUIRED},
    {"customer", OBJECT, REQUIRED, .fields = customer_fields},
    {"ship_to", OBJECT, REQUIRED, .fields = address_fields},
    {"lines", LIST, REQUIRED, 1, 1000, line_fields},
    {"payment", OBJECT, OPTIONAL, .fields = payment_fields},
    {"wishes", OBJECT},
    {"placed_at", TIME},
    {"allow_partial", BOOLEAN},
    {0},
};

/* A row with a status is history: an order that is over. */
static const struct field order_row_fields[] = {
    {.extends = order_fields},
    {"status", TEXT, .choices = "delivered"},
    {0},
};

static const struct field reason_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};

/* Of other services' events: what is needed here; more is ignored. */
static const struct field reservation_event_fields[] = {{"order_id", UUID, REQUIRED}, {0}};
static const struct field customer_event_fields[] = {{"ref", CODE, REQUIRED}, {0}};
static const struct field shipment_event_fields[] = {
    {"id", UUID, REQUIRED}, {"order_id", UUID, REQUIRED}, {0}};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/orders", "orders:write", order_fields, order_place, 201, "Place an order"},
    {"POST", "/v1/orders/{id}/confirm", "orders:confirm", NULL, order_confirm, 200, "Confirm the order"},
    {"POST", "/v1/orders/{id}/hold", "orders:hold", reason_fields, action_route, 200, "Put the order on hold",
     .query = "order_hold"},
    {"POST", "/v1/orders/{id}/release", "orders:hold", NULL, order_release, 200,
     "Release all holds of the order"},
    {"POST", "/v1/orders/{id}/cancel", "orders:cancel", reason_fields, order_cancel, 200,
     "Cancel the order, or request its cancellation"},
    {0},
};

static const struct filter order_filters[] = {
    {"status", TEXT},
    {"stock_status", TEXT},
    {"payment_status", TEXT},
    {"channel", TEXT},
    {"channel_ref", TEXT},
    {"customer_ref", TEXT},
    {"number", TEXT},
    {"placed_from", TIME, "placed_at >= ?::timestamptz"},
    {"placed_to", TIME, "placed_at < ?::timestamptz"},
    {"held", BOOLEAN},
    {"overdue", BOOLEAN},
    {0},
};

static const struct filter hold_filters[] = {{"order_id", UUID}, {"open", BOOLEAN}, {0}};

static const struct resource resources[] = {
    {
        .name = "orders",
        .title = "order",
        .aggregate = "order",
        .table = "orders",
        .view = "order_json",
        .read = "orders:read",
        .reveal = "orders:personal",
        .owner = "customer_ref",
        .filters = order_filters,
        .sorts = "placed_at,created_at,number,total",
        .flow = order_flow,
        .pending = "pending",
    },
    {
        .name = "holds",
        .title = "hold",
        .view = "hold_json",
        .read = "orders:hold",
        .filters = hold_filters,
        .sorts = "held_at",
    },
    {0},
};

static const struct import_kind imports[] = {
    {"orders", "orders:import", order_row_fields, orders_import},
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "catalog.reservation.*",
        .name = "orders-reservations",
        .mode = BATCH,
        .fields = reservation_event_fields,
        .handler = orders_on_catalog_reservation,
        .linger_ms = LINGER_SHORT_MS,
    },
    {
        .subject = "support.customer.*",
        .name = "orders-customers",
        .mode = BATCH,
        .fields = customer_event_fields,
        .handler = orders_on_support_customer,
        .linger_ms = LINGER_MEDIUM_MS,
    },
    {
        .subject = "fulfillment.shipment.*",
        .name = "orders-shipments",
        .mode = BATCH | SINGLE_ACTIVE,
        .fields = shipment_event_fields,
        .handler = orders_on_fulfillment_shipment,
        .linger_ms = LINGER_SHORT_MS,
    },
    {0},
};

static const struct deadline deadlines[] = {
    {"pay_by", order_unpaid},
    {"confirm_by", order_overdue},
    {"erase", customer_erase_again},
    {0},
};

static const struct constraint constraints[] = {
    {"order_channel_ref", CONFLICT, "order.channel_ref_reused",
     "The channel has another order with this channel_ref.", order_placed_before},
    {0},
};

const struct area orders_orders = {
    .name = "orders",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
    .deadlines = deadlines,
    .imports = imports,
    .constraints = constraints,
};
