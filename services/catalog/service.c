/* Catalog: products, the stock ledger and reservations. */
#include "service.h"

#include "catalog_events.h"
#include "catalog_sql.h"
#include "movement.h"
#include "product.h"
#include "product_import.h"
#include "reorder_point.h"
#include "reservation.h"
#include "roles.h"
#include "shipment_events.h"
#include "stock_import.h"

/* --- what comes in ------------------------------------------------------------------------------------------- */

static const struct field image_fields[] = {
    {"url", TEXT, REQUIRED, 1, 2000},
    {"width", QUANTITY, REQUIRED, 1, 100000},
    {"height", QUANTITY, REQUIRED, 1, 100000},
    {"alt", TEXT, OPTIONAL, 0, 500},
    {0},
};

static const struct field variant_fields[] = {
    {"sku", CODE, REQUIRED},
    {"barcode", CODE},
    {"title", TEXT},
    {"options", OBJECT},
    {"price", MONEY, REQUIRED},
    {"cost", MONEY},
    {"below_cost_reason", TEXT, OPTIONAL, 1, 500},
    {"currency", CURRENCY, REQUIRED},
    {"weight_g", QUANTITY, OPTIONAL, 0, 100000000},
    {"stocked", BOOLEAN},
    {0},
};

static const struct field product_fields[] = {
    {"title", TEXT, REQUIRED},
    {"description", TEXT, OPTIONAL, 0, 20000},
    {"category", TEXT},
    {"images", LIST, OPTIONAL, 0, 50, image_fields},
    {"variants", LIST, OPTIONAL, 0, 500, variant_fields},
    {0},
};

/* A product as it comes alone; one with a status was on sale elsewhere already. */
static const struct field product_row_fields[] = {
    {"title", TEXT, REQUIRED},
    {"description", TEXT, OPTIONAL, 0, 20000},
    {"category", TEXT},
    {"images", LIST, OPTIONAL, 0, 50, image_fields},
    {"variants", LIST, OPTIONAL, 0, 500, variant_fields},
    {"status", TEXT, .choices = "published"},
    {"channels", TEXTS, OPTIONAL, 1, 20},
    {0},
};

/* A SKU's movement is known by its reference: the same one is not booked twice. */
static const struct field stock_row_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"quantity", INTEGER, REQUIRED, -1000000, 1000000},
    {"reason", TEXT, REQUIRED},
    {"reference", TEXT, REQUIRED},
    {0},
};

static const struct field level_fields[] = {{"reorder_point", INTEGER, REQUIRED, 0, 1000000000}, {0}};
static const struct field reject_fields[] = {{"reasons", TEXTS, REQUIRED, 1, 20}, {0}};
static const struct field publish_fields[] = {{"channels", TEXTS, REQUIRED, 1, 20}, {0}};
static const struct field delist_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};

static const struct field movement_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"quantity", INTEGER, REQUIRED, -1000000, 1000000},
    {"reason", TEXT, REQUIRED},
    {"reference", TEXT},
    {0},
};

/* Of the news of others: what is needed here; more is ignored. */
static const struct field order_line_fields[] = {
    {"sku", CODE, REQUIRED},
    {"quantity", QUANTITY, REQUIRED},
    {"stocked", BOOLEAN},
    {0},
};

static const struct field order_fields[] = {
    {"id", UUID, REQUIRED},
    {"number", TEXT},
    {"allow_partial", BOOLEAN},
    {"lines", LIST, REQUIRED, 0, 10000, order_line_fields},
    {0},
};

static const struct field shipment_line_fields[] = {
    {"sku", CODE, REQUIRED}, {"quantity", QUANTITY, REQUIRED}, {0}};

static const struct field shipment_fields[] = {
    {"order_id", UUID, REQUIRED},
    {"number", TEXT, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"lines", LIST, REQUIRED, 0, 10000, shipment_line_fields},
    {0},
};

/* --- the table of contents ------------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/products", "products:write", product_fields, product_draft, 201, "Draft a product"},
    {"POST", "/v1/products/{id}/edit", "products:write", product_fields, product_edit, 200,
     "Replace what a draft says"},
    {"POST", "/v1/products/{id}/submit", "products:submit", NULL, product_submit, 200,
     "Submit it for review"},
    {"POST", "/v1/products/{id}/withdraw", "products:submit", NULL, flow_route, 200,
     "Take a submission back to the draft"},
    {"POST", "/v1/products/{id}/approve", "products:approve", NULL, product_approve, 200,
     "Approve it: not by whoever drafted it"},
    {"POST", "/v1/products/{id}/reject", "products:approve", reject_fields, product_reject, 200,
     "Reject it, with reasons"},
    {"POST", "/v1/products/{id}/publish", "products:publish", publish_fields, product_publish, 200,
     "Publish it on channels"},
    {"POST", "/v1/products/{id}/delist", "products:publish", delist_fields, product_delist, 200,
     "Take it off all channels"},
    {"POST", "/v1/stock/movements", "stock:write", movement_fields, stock_movement, 201,
     "Book stock in or out"},
    {"GET", "/v1/stock/{sku}/movements", "stock:read", NULL, resource_list, 200,
     "What made the level of a SKU"},
    {"POST", "/v1/stock/{sku}/levels", "stock:write", level_fields, level_set, 200,
     "Say at which available stock to reorder"},
    {"GET", "/v1/stock/{sku}/explain", "stock:read", NULL, stock_explain, 200,
     "Which movements and orders make the level of a SKU"},
    {0},
};

static const struct filter product_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"category", TEXT, "category = ?::text"},
    {"sku", CODE, "id in (select product_id from variant where sku = ?::text)"},
    {"channel", TEXT, "channels @> array[?::text]"},
    {0},
};

static const struct filter storefront_filters[] = {
    {"category", TEXT, "category = ?::text"},
    {"sku", CODE, "id in (select product_id from variant where sku = ?::text)"},
    {"channel", TEXT, "channels @> array[?::text]"},
    {0},
};

static const struct filter stock_filters[] = {{"sku", CODE, "sku = ?::text"}, {0}};

static const struct filter movement_filters[] = {
    {"sku", CODE, "sku = ?::text"},
    {"warehouse", CODE, "warehouse = ?::text"},
    {"reason", TEXT, "reason = ?::text"},
    {"reference", TEXT, "reference = ?::text"},
    {0},
};

static const struct filter level_filters[] = {
    {"sku", CODE, "sku = ?::text"}, {"low", BOOLEAN, "low = ?::boolean"}, {0}};

static const struct filter reservation_filters[] = {
    {"order_id", UUID, "order_id = ?::uuid"},
    {"status", TEXT, "status = ?::text"},
    {"sku", CODE, "id in (select reservation_id from reservation_line where sku = ?::text)"},
    {0},
};

static const struct resource resources[] = {
    {"products", "product", "product", "product_json", "products:read", NULL, NULL, product_filters,
     "created_at,title", product_flow},
    {"storefront/products", NULL, NULL, "storefront_json", "products:storefront", NULL, EVERYBODYS,
     storefront_filters, "created_at,title"},
    {"stock", NULL, NULL, "stock_json", "stock:read", NULL, NULL, stock_filters, "sku,available,on_hand",
     NULL, "sku"},
    {"reservations", "reservation", "reservation", "reservation_json", "stock:read", NULL, NULL,
     reservation_filters, "created_at,arrived"},
    {"movements", "movement", "stock_movement", "movement_json", "stock:read", NULL, NULL, movement_filters,
     "created_at"},
    {"levels", "level", "stock_level", "level_json", "stock:read", NULL, NULL, level_filters, "sku", NULL,
     "sku"},
    IMPORTS_RESOURCE,
    {0},
};

static const struct import_kind imports[] = {
    {"products", "products:import", product_row_fields, products_import},
    {"stock", "stock:write", stock_row_fields, stock_import},
    {0},
};

static const char *const order_reads[] = {"orders.order.placed", "orders.order.cancelled", NULL};

static const struct consumer consumers[] = {
    {"orders.order.*", "catalog-orders", BATCH | SINGLE_ACTIVE, order_fields, on_orders, 0,
     order_reads},
    {"fulfillment.shipment.*", "catalog-shipments", BATCH, shipment_fields, on_shipments, LINGER_SHORT_MS},
    {0},
};

static const struct constraint constraints[] = {
    {"stock_not_negative", CONFLICT, "stock.insufficient", "There is not that much in stock."},
    {"stock_movement_of_level", CONFLICT, "stock.insufficient", "There is none of that in this warehouse."},
    {"stock_reserved_is_there", CONFLICT, "stock.insufficient",
     "There is not that much in stock that nobody has reserved."},
    {"stock_sku_fkey", CONFLICT, "product.sku_in_stock", "A variant that was left out is kept in stock."},
    {"stock_level_sku_fkey", CONFLICT, "product.sku_in_stock",
     "A variant that was left out is kept in stock."},
    {"variant_pkey", CONFLICT, "product.sku_taken",
     "A SKU of these variants was just taken by another product."},
    {"variant_barcode", CONFLICT, "product.barcode_taken",
     "A barcode of these variants belongs to another one."},
    {0},
};

int main(int argc, char **argv)
{
    static const struct service catalog = {
        .name = "catalog",
        .port = 8081,
        .routes = routes,
        .resources = resources,
        .events = catalog_events,
        .consumers = consumers,
        .imports = imports,
        .constraints = constraints,
        .roles = roles,
        .queries = catalog_queries,
        .migrations = catalog_migrations,
    };

    return service_main(&catalog, argc, argv);
}
