/* Products: best sellers, slow movers, returns, and the stock behind them. */
#include "analytics_areas.h"
#include "drilldown.h"
#include "product_stats.h"
#include "report.h"
#include "returns.h"
#include "stock_stats.h"

/* --- input ----------------------------------------------------------------------------------------------- */

enum { KEYS = 1000 };

#define RETURN_CUTS "day|kind|month|product|reason|week"

static const struct field ranking_fields[] = {
    {.extends = window_fields}, {"order", TEXT, .choices = "gross|units"}, {"channel", TEXT},
    {"currency", CURRENCY},     {"limit", INTEGER, OPTIONAL, 1, KEYS},     {0},
};

static const struct field slow_fields[] = {
    {"as_of", DAY, REQUIRED},
    {"days", INTEGER, OPTIONAL, 1, TEN_YEARS_DAYS},
    {"most", INTEGER, OPTIONAL, 0, 1000000},
    {.extends = page_fields},
    {0},
};

static const struct field returns_common_fields[] = {
    {.extends = window_fields}, {"by", TEXT, .choices = RETURN_CUTS}, {"currency", CURRENCY}, {0}};

static const struct field returns_fields[] = {
    {.extends = returns_common_fields}, {"limit", INTEGER, OPTIONAL, 1, KEYS}, {0}};

static const struct field returns_events_fields[] = {
    {.extends = returns_common_fields},
    {"key", TEXT, OPTIONAL, 1, 500},
    {.extends = page_fields},
    {0},
};

/* Of catalog's events: what is needed here; more is ignored. */
static const struct field product_event_fields[] = {{"id", UUID, REQUIRED}, {0}};

static const struct field stock_event_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", TEXT, REQUIRED},
    {"quantity", INTEGER, REQUIRED},
    {"created_at", TIME},
    {0},
};

/* --- the table of contents ------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"GET", "/v1/products/ranking", "sales:read", ranking_fields, ranking_get, 200, "List best sellers"},
    {"GET", "/v1/products/slow", "sales:read", slow_fields, slow_get, 200, "List slow movers"},
    {"GET", "/v1/returns", "sales:read", returns_fields, returns_get, 200,
     "Get returns by product, reason or time"},
    {"GET", "/v1/returns/events", "sales:read", returns_events_fields, returns_events_get, 200,
     "List the refunds behind a figure of returns"},
    {0},
};

static const struct filter move_filters[] = {{"sku", TEXT}, {"reason", TEXT}, {0}};

static const struct resource resources[] = {
    {
        .name = "moves",
        .title = "stock movement",
        .view = "move_json",
        .read = "reports:read",
        .filters = move_filters,
        .sorts = "moved_at",
    },
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "catalog.product.*",
        .name = "analytics-products",
        .mode = BATCH,
        .fields = product_event_fields,
        .handler = analytics_on_catalog_product,
        .linger_ms = LINGER_LONG_MS,
    },
    {
        .subject = "catalog.stock.moved",
        .name = "analytics-stock",
        .mode = BATCH,
        .fields = stock_event_fields,
        .handler = analytics_on_catalog_stock,
        .linger_ms = LINGER_LONG_MS,
    },
    {0},
};

const struct area analytics_products = {
    .name = "products",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
};
