/* Products: what is sold, from the first draft to the channels. */
#include "catalog_areas.h"
#include "product.h"
#include "product_import.h"

/* --- input ------------------------------------------------------------------------------------------- */

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

/* A row with a status is a product that is on sale already. */
static const struct field product_row_fields[] = {
    {.extends = product_fields},
    {"status", TEXT, .choices = "published"},
    {"channels", TEXTS, OPTIONAL, 1, 20},
    {0},
};

static const struct field reject_fields[] = {{"reasons", TEXTS, REQUIRED, 1, 20}, {0}};
static const struct field publish_fields[] = {{"channels", TEXTS, REQUIRED, 1, 20}, {0}};
static const struct field delist_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/products", "products:write", product_fields, product_draft, 201, "Draft a product"},
    {"POST", "/v1/products/{id}/edit", "products:write", product_fields, product_edit, 200,
     "Replace the contents of a draft"},
    {"POST", "/v1/products/{id}/submit", "products:submit", NULL, action_route, 200,
     "Submit the product for review", .query = "product_submitted"},
    {"POST", "/v1/products/{id}/withdraw", "products:submit", NULL, action_route, 200,
     "Withdraw the submission"},
    {"POST", "/v1/products/{id}/approve", "products:approve", NULL, action_route, 200, "Approve the product",
     .query = "product_approved"},
    {"POST", "/v1/products/{id}/reject", "products:approve", reject_fields, action_route, 200,
     "Reject the product with reasons", .query = "product_rejected"},
    {"POST", "/v1/products/{id}/publish", "products:publish", publish_fields, action_route, 200,
     "Publish the product on channels", .query = "product_published"},
    {"POST", "/v1/products/{id}/delist", "products:publish", delist_fields, action_route, 200,
     "Delist the product from all channels", .query = "product_delisted"},
    {0},
};

static const struct filter storefront_filters[] = {
    {"category", TEXT},
    {"sku", CODE, "id in (select product_id from variant where sku = ?::text)"},
    {"channel", TEXT, "channels @> array[?::text]"},
    {0},
};

static const struct filter product_filters[] = {
    {"status", TEXT},
    {"category", TEXT},
    {"sku", CODE, "id in (select product_id from variant where sku = ?::text)"},
    {"channel", TEXT, "channels @> array[?::text]"},
    {0},
};

static const struct resource resources[] = {
    {
        .name = "products",
        .title = "product",
        .aggregate = "product",
        .table = "product",
        .view = "product_json",
        .read = "products:read",
        .filters = product_filters,
        .sorts = "created_at,title",
        .flow = product_flow,
    },
    {
        .name = "storefront/products",
        .title = "published product",
        .view = "storefront_json",
        .read = "products:storefront",
        .owner = EVERYBODYS,
        .filters = storefront_filters,
        .sorts = "created_at,title",
    },
    {0},
};

static const struct import_kind imports[] = {
    {"products", "products:import", product_row_fields, products_import},
    {0},
};

static const struct constraint constraints[] = {
    {"stock_sku_fkey", CONFLICT, "product.sku_in_stock", "A variant that is in stock cannot be removed."},
    {"reorder_point_sku_fkey", CONFLICT, "product.sku_in_stock",
     "A variant that is in stock cannot be removed."},
    {"variant_pkey", CONFLICT, "product.sku_taken", "A SKU of these variants belongs to another product."},
    {"variant_barcode", CONFLICT, "product.barcode_taken",
     "A barcode of these variants belongs to another product."},
    {0},
};

const struct area catalog_products = {
    .name = "products",
    .routes = routes,
    .resources = resources,
    .imports = imports,
    .constraints = constraints,
};
