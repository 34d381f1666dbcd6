/* Orders: from placing to money settled. */
#include "service.h"

#include "cart.h"
#include "erasure.h"
#include "intake.h"
#include "ledger.h"
#include "order.h"
#include "order_import.h"
#include "orders_events.h"
#include "orders_sql.h"
#include "payment.h"
#include "price.h"
#include "progress.h"
#include "refund.h"
#include "refund_import.h"
#include "roles.h"

/* --- what comes in ------------------------------------------------------------------------------------------- */

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

static const struct field payment_fields[] = {
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

static const struct field refund_line_fields[] = {
    {"sku", CODE, REQUIRED}, {"quantity", QUANTITY, REQUIRED}, {0}};

static const struct field refund_fields[] = {
    {"amount", MONEY, REQUIRED, 1, MONEY_MAX},
    {"reason", TEXT, REQUIRED, 1, 500},
    {"reference", CODE, OPTIONAL, 1, 128},
    {"lines", LIST, OPTIONAL, 1, 1000, refund_line_fields},
    {"refunded_at", TIME},
    {0},
};

/* As an order or a refund comes alone; an order with a status is history. */
static const struct field order_row_fields[] = {
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
    {"status", TEXT, .choices = "delivered"},
    {0},
};

static const struct field refund_row_fields[] = {
    {"channel", CODE, REQUIRED},
    {"channel_ref", CODE, REQUIRED, 1, 128},
    {"amount", MONEY, REQUIRED, 1, MONEY_MAX},
    {"reason", TEXT, REQUIRED, 1, 500},
    {"reference", CODE, REQUIRED, 1, 128},
    {"lines", LIST, OPTIONAL, 1, 1000, refund_line_fields},
    {"refunded_at", TIME},
    {0},
};

static const struct field reason_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};
static const struct field channel_fields[] = {{"kind", TEXT, REQUIRED, .choices = "own|platform"}, {0}};

static const struct field product_news[] = {{"id", UUID, REQUIRED}, {0}};
static const struct field reservation_news[] = {{"order_id", UUID, REQUIRED}, {0}};
static const struct field customer_news[] = {{"ref", CODE, REQUIRED}, {0}};
static const struct field shipment_news[] = {{"id", UUID, REQUIRED}, {"order_id", UUID, REQUIRED}, {0}};

/* --- the table of contents ------------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/orders", "orders:write", order_fields, order_place, 201, "Place an order"},
    {"POST", "/v1/orders/{id}/payments", "orders:pay", payment_fields, payment_record, 201,
     "Record a payment"},
    {"POST", "/v1/orders/{id}/confirm", "orders:confirm", NULL, order_confirm, 200, "Confirm it by hand"},
    {"POST", "/v1/orders/{id}/hold", "orders:hold", reason_fields, order_hold, 200, "Put it on hold"},
    {"POST", "/v1/orders/{id}/release", "orders:hold", NULL, order_release, 200, "End all its holds"},
    {"POST", "/v1/orders/{id}/cancel", "orders:cancel", reason_fields, order_cancel, 200,
     "Cancel it, or ask for it"},
    {"POST", "/v1/orders/{id}/refunds", "orders:refund", refund_fields, refund_pay, 201, "Give money back"},
    {"PUT", "/v1/channels/{name}", "channels:write", channel_fields, channel_set, 200,
     "Say whose a channel is"},
    {"POST", "/v1/ledger", "ops:write", ledger_fields, ledger_close, 200,
     "Say again what finished days came to"},
    {0},
};

static const struct filter order_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"stock_status", TEXT, "stock_status = ?::text"},
    {"payment_status", TEXT, "payment_status = ?::text"},
    {"channel", TEXT, "channel = ?::text"},
    {"channel_ref", TEXT, "channel_ref = ?::text"},
    {"customer_ref", TEXT, "customer_ref = ?::text"},
    {"number", TEXT, "number = ?::text"},
    {"placed_from", TIME, "placed_at >= ?::timestamptz"},
    {"placed_to", TIME, "placed_at < ?::timestamptz"},
    {"held", BOOLEAN, "held = ?::boolean"},
    {"overdue", BOOLEAN, "overdue = ?::boolean"},
    {0},
};

static const struct filter refund_filters[] = {
    {"order_id", UUID, "order_id = ?::uuid"},
    {"kind", TEXT, "kind = ?::text"},
    {"refunded_from", TIME, "refunded_at >= ?::timestamptz"},
    {"refunded_to", TIME, "refunded_at < ?::timestamptz"},
    {0},
};

static const struct filter hold_filters[] = {
    {"order_id", UUID, "order_id = ?::uuid"},
    {"open", BOOLEAN, "open = ?::boolean"},
    {0},
};

static const struct filter price_filters[] = {
    {"sku", CODE, "sku = ?::text"},
    {"sellable", BOOLEAN, "sellable = ?::boolean"},
    {0},
};

static const struct filter channel_filters[] = {{"kind", TEXT, "kind = ?::text"}, {0}};

static const struct resource resources[] = {
    {"orders", "order", "orders", "order_json", "orders:read", "orders:personal", "customer_ref",
     order_filters, "placed_at,created_at,number,total", order_flow, NULL, "pending"},
    {"refunds", "refund", "refund", "refund_json", "orders:read", NULL, NULL, refund_filters,
     "refunded_at,amount"},
    {"holds", NULL, NULL, "hold_json", "orders:hold", NULL, NULL, hold_filters, "held_at"},
    {"prices", NULL, NULL, "price_json", "orders:read", NULL, NULL, price_filters, "sku,updated_at", NULL,
     "sku"},
    {"channels", "channel", "channel", "channel_json", "orders:read", NULL, NULL, channel_filters, "name",
     NULL, "name"},
    {"ledger", "ledger", "ledger_day", "ledger_json", "reports:read", NULL, NULL, NULL, "day,updated_at",
     NULL, "day"},
    IMPORTS_RESOURCE,
    {0},
};

static const struct import_kind imports[] = {
    {"orders", "orders:import", order_row_fields, orders_import},
    {"refunds", "orders:refund", refund_row_fields, refunds_import},
    {0},
};

static const struct consumer consumers[] = {
    {"catalog.product.*", "orders-products", BATCH | REPLAYABLE, product_news, prices_heard,
     LINGER_MEDIUM_MS},
    {"catalog.reservation.*", "orders-reservations", BATCH, reservation_news, reservations_heard,
     LINGER_SHORT_MS},
    {"support.customer.*", "orders-customers", BATCH, customer_news, customers_heard, LINGER_MEDIUM_MS},
    {"fulfillment.shipment.*", "orders-shipments", BATCH | SINGLE_ACTIVE, shipment_news, shipments_heard,
     LINGER_SHORT_MS},
    {0},
};

static const struct deadline deadlines[] = {
    {"pay_by", order_unpaid}, {"confirm_by", order_overdue}, {"erase", customer_erase_again}, {0}};

/* The night's run is repeated, so that a slot in which nobody was up is made good the same day. */
static const struct schedule schedules[] = {{"5 1,7,13,19 * * *", "ledger", ledger_close_last}, {0}};

static const struct constraint constraints[] = {
    {"order_channel_ref", CONFLICT, "order.channel_ref_reused",
     "The channel has another order with this channel_ref.", order_placed_before},
    {"order_paid", CONFLICT, "payment.too_much", "That is more than is still to be paid."},
    {"order_refunded", CONFLICT, "refund.too_much", "That is more than can be given back."},
    {0},
};

int main(int argc, char **argv)
{
    static const struct service orders = {
        .name = "orders",
        .port = 8082,
        .routes = routes,
        .resources = resources,
        .events = orders_events,
        .consumers = consumers,
        .deadlines = deadlines,
        .schedules = schedules,
        .imports = imports,
        .constraints = constraints,
        .roles = roles,
        .queries = orders_queries,
        .migrations = orders_migrations,
    };

    return service_main(&orders, argc, argv);
}
