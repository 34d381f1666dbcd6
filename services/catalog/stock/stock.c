/* Stock: the ledger of movements, reservations for orders, reorder points. */
#include "catalog_areas.h"
#include "movement.h"
#include "reorder_point.h"
#include "reservation.h"
#include "shipment_events.h"
#include "stock_import.h"

/* --- input ------------------------------------------------------------------------------------------- */

static const struct field movement_common_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"quantity", INTEGER, REQUIRED, -1000000, 1000000},
    {"reason", TEXT, REQUIRED},
    {0},
};

static const struct field movement_fields[] = {{.extends = movement_common_fields}, {"reference", TEXT}, {0}};

/* A SKU's movement is identified by its reference: the same one is not booked twice. */
static const struct field movement_row_fields[] = {
    {.extends = movement_common_fields}, {"reference", TEXT, REQUIRED}, {0}};

static const struct field reorder_point_fields[] = {{"reorder_point", INTEGER, REQUIRED, 0, 1000000000}, {0}};

/* Of other services' events: what is needed here; more is ignored. */
static const struct field order_event_line_fields[] = {
    {"sku", CODE, REQUIRED},
    {"quantity", QUANTITY, REQUIRED},
    {"stocked", BOOLEAN},
    {0},
};

static const struct field order_event_fields[] = {
    {"id", UUID, REQUIRED},
    {"number", TEXT},
    {"allow_partial", BOOLEAN},
    {"lines", LIST, REQUIRED, 0, 10000, order_event_line_fields},
    {0},
};

static const struct field shipment_event_line_fields[] = {
    {"sku", CODE, REQUIRED}, {"quantity", QUANTITY, REQUIRED}, {0}};

static const struct field shipment_event_fields[] = {
    {"order_id", UUID, REQUIRED},
    {"number", TEXT, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"lines", LIST, REQUIRED, 0, 10000, shipment_event_line_fields},
    {0},
};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/stock/movements", "stock:write", movement_fields, movement_book, 201,
     "Book a stock movement"},
    {"GET", "/v1/stock/{sku}/movements", "stock:read", NULL, resource_list, 200,
     "List the stock movements of a SKU"},
    {"POST", "/v1/stock/{sku}/reorder-point", "stock:write", reorder_point_fields, reorder_point_set, 200,
     "Set the reorder point of a SKU"},
    {"GET", "/v1/stock/{sku}/explain", "stock:read", NULL, query_route, 200,
     "Explain the stock level of a SKU by its movements and orders", .query = "stock_explain"},
    {0},
};

static const struct filter stock_filters[] = {{"sku", CODE}, {0}};

static const struct filter movement_filters[] = {
    {"sku", CODE}, {"warehouse", CODE}, {"reason", TEXT}, {"reference", TEXT}, {0}};

static const struct filter reorder_point_filters[] = {{"sku", CODE}, {"low", BOOLEAN}, {0}};

static const struct filter reservation_filters[] = {
    {"order_id", UUID},
    {"status", TEXT},
    {"sku", CODE, "id in (select reservation_id from reservation_line where sku = ?::text)"},
    {0},
};

static const struct resource resources[] = {
    {
        .name = "stock",
        .title = "stock level",
        .view = "stock_json",
        .read = "stock:read",
        .filters = stock_filters,
        .sorts = "sku,available,on_hand",
        .key = "sku",
    },
    {
        .name = "reservations",
        .title = "reservation",
        .aggregate = "reservation",
        .table = "reservation",
        .view = "reservation_json",
        .read = "stock:read",
        .filters = reservation_filters,
        .sorts = "created_at,arrived",
    },
    {
        .name = "movements",
        .title = "stock movement",
        .aggregate = "movement",
        .table = "stock_movement",
        .view = "movement_json",
        .read = "stock:read",
        .filters = movement_filters,
        .sorts = "created_at",
    },
    {
        .name = "reorder-points",
        .title = "reorder point",
        .aggregate = "reorder_point",
        .table = "reorder_point",
        .view = "reorder_point_json",
        .read = "stock:read",
        .filters = reorder_point_filters,
        .sorts = "sku",
        .key = "sku",
    },
    {0},
};

static const struct import_kind imports[] = {
    {"stock", "stock:write", movement_row_fields, stock_import},
    {0},
};

static const char *const order_reads[] = {"orders.order.placed", "orders.order.cancelled", NULL};

static const struct consumer consumers[] = {
    {
        .subject = "orders.order.*",
        .name = "catalog-orders",
        .mode = BATCH | SINGLE_ACTIVE,
        .fields = order_event_fields,
        .handler = catalog_on_orders_order,
        .reads = order_reads,
    },
    {
        .subject = "fulfillment.shipment.*",
        .name = "catalog-shipments",
        .mode = BATCH,
        .fields = shipment_event_fields,
        .handler = catalog_on_fulfillment_shipment,
        .linger_ms = LINGER_SHORT_MS,
    },
    {0},
};

static const struct constraint constraints[] = {
    {"stock_not_negative", CONFLICT, "stock.insufficient", "The quantity is more than the stock."},
    {"stock_movement_of_level", CONFLICT, "stock.insufficient", "This warehouse has no stock of the SKU."},
    {"stock_reserved_is_there", CONFLICT, "stock.insufficient",
     "The quantity is more than the unreserved stock."},
    {0},
};

const struct area catalog_stock = {
    .name = "stock",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
    .imports = imports,
    .constraints = constraints,
};
