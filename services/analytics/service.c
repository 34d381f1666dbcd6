/* Analytics: facts, sums and figures, learned from what all others tell. */
#include "service.h"

#include "analytics_events.h"
#include "analytics_sql.h"
#include "customer_stats.h"
#include "data_quality.h"
#include "product_stats.h"
#include "rebuild.h"
#include "reconciliation.h"
#include "report.h"
#include "roles.h"
#include "sales_stats.h"
#include "service_stats.h"

/* --- what is heard: the shape; impossible values are set aside with their reasons ---------------------------------- */

static const struct field product_fields[] = {{"id", UUID, REQUIRED}, {0}};

static const struct field order_fields[] = {
    {"id", UUID, REQUIRED},
    {"number", TEXT, REQUIRED},
    {"channel", TEXT, REQUIRED},
    {"currency", CURRENCY, REQUIRED},
    {"placed_at", TIME, REQUIRED},
    {"discount", INTEGER},
    {"paid", INTEGER},
    {"refunded", INTEGER},
    {0},
};

static const struct field move_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", TEXT, REQUIRED},
    {"quantity", INTEGER, REQUIRED},
    {"created_at", TIME},
    {0},
};

static const struct field refund_fields[] = {
    {"id", UUID, REQUIRED},        {"order_id", UUID, REQUIRED},    {"currency", CURRENCY, REQUIRED},
    {"amount", INTEGER, REQUIRED}, {"refunded_at", TIME, REQUIRED}, {0},
};

static const struct field claim_fields[] = {
    {"currency", CURRENCY, REQUIRED},
    {"orders", INTEGER, REQUIRED},
    {"gross", INTEGER, REQUIRED},
    {"cancelled", INTEGER, REQUIRED},
    {"refunds", INTEGER, REQUIRED},
    {"refunded", INTEGER, REQUIRED},
    {0},
};

static const struct field ledger_fields[] = {
    {"day", DAY, REQUIRED},
    {"time_zone", TEXT, REQUIRED},
    {"since", TIME, REQUIRED},
    {"until", TIME, REQUIRED},
    {"as_of", TIME, REQUIRED},
    {"figures", LIST, REQUIRED, 0, 1000, claim_fields},
    {0},
};

static const struct field shipment_fields[] = {
    {"id", UUID, REQUIRED}, {"order_id", UUID}, {"shipped_at", TIME}, {"delivered_at", TIME}, {0},
};

/* --- the table of contents ------------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"GET", "/v1/sales", "sales:read", sales_fields, sales_get, 200, "Sales of a window, cut one way"},
    {"GET", "/v1/sales/events", "sales:read", sales_events_fields, sales_events_get, 200,
     "The orders and refunds behind a figure"},
    {"GET", "/v1/customers/figures", "sales:read", customer_figures_fields, customer_figures_get, 200,
     "New and returning customers"},
    {"GET", "/v1/customers", "sales:read", customers_fields, customers_get, 200,
     "The customers behind a figure"},
    {"GET", "/v1/cohorts", "sales:read", cohorts_fields, cohorts_get, 200,
     "Customers by the month of their first order, and who came back"},
    {"GET", "/v1/cohorts/customers", "sales:read", cohort_customers_fields, cohort_customers_get, 200,
     "The customers of a cohort who bought in a month"},
    {"GET", "/v1/rfm", "sales:read", rfm_fields, rfm_get, 200,
     "Segments of customers by recency, frequency and money"},
    {"GET", "/v1/rfm/customers", "sales:read", rfm_customers_fields, rfm_customers_get, 200,
     "The customers of a segment with their scores"},
    {"GET", "/v1/products/ranking", "sales:read", ranking_fields, ranking_get, 200, "Best sellers"},
    {"GET", "/v1/products/slow", "sales:read", slow_fields, slow_get, 200, "What lies in stock unsold"},
    {"GET", "/v1/returns", "sales:read", returns_fields, returns_get, 200,
     "What came back, by article, reason or time"},
    {"GET", "/v1/returns/events", "sales:read", returns_events_fields, returns_events_get, 200,
     "The refunds behind a figure of returns"},
    {"GET", "/v1/stages", "reports:read", stages_fields, stages_get, 200, "Time from stage to stage"},
    {"GET", "/v1/parcels", "reports:read", parcels_fields, parcels_get, 200, "Parcels shipped and delivered"},
    {"GET", "/v1/service", "reports:read", service_fields, service_get, 200, "Tickets and surveys"},
    {"GET", "/v1/quality", "reports:read", quality_fields, quality_get, 200,
     "What came, was booked and was set aside"},
    {"POST", "/v1/reconciliation", "ops:write", NULL, reconcile_now, 200,
     "Compare again what was counted with what orders say"},
    {"POST", "/v1/quarantine/{id}/mend", "quarantine:mend", mend_fields, quarantine_mend, 201,
     "Mend what was set aside and feed it in again"},
    {"POST", "/v1/rebuild", "ops:write", NULL, rebuild_start, 202, "Make all figures anew"},
    {0},
};

static const struct filter quarantine_filters[] = {
    {"type", TEXT, "type = ?::text"},
    {"about", TEXT, "about = ?::text"},
    {"reason", TEXT, "reasons @> array[?::text]"},
    {"since", TIME, "at >= ?::timestamptz"},
    {"before", TIME, "at < ?::timestamptz"},
    {0},
};

static const struct filter move_filters[] = {
    {"sku", TEXT, "sku = ?::text"},
    {"reason", TEXT, "reason = ?::text"},
    {0},
};

static const struct filter reconciliation_filters[] = {{"differs", BOOLEAN, "differs = ?::boolean"}, {0}};

static const struct filter mend_filters[] = {{"about", TEXT, "about = ?::text"}, {0}};

static const struct filter rebuild_filters[] = {{"status", TEXT, "status = ?::text"}, {0}};

static const struct resource resources[] = {
    {"quarantine", NULL, NULL, "quarantine_json", "reports:read", NULL, NULL, quarantine_filters, "at"},
    {"moves", NULL, NULL, "move_json", "reports:read", NULL, NULL, move_filters, "moved_at"},
    {"reconciliation", NULL, NULL, "reconciliation_json", "reports:read", NULL, NULL, reconciliation_filters,
     "day", NULL, "day"},
    {"mends", "mend", "mend", "mend_json", "reports:read", NULL, NULL, mend_filters, "created_at"},
    {"rebuild", "rebuild", "rebuild", "rebuild_json", "ops:read", NULL, NULL, rebuild_filters, "started_at"},
    {0},
};

/* Whoever reads figures waits two seconds for an order; the more of them come together, the fewer times each sum is changed. */
enum { SUMS_MS = 500 };

static const struct consumer consumers[] = {
    {"catalog.product.*", "analytics-products", BATCH, product_fields, on_products, LINGER_LONG_MS},
    {"catalog.stock.moved", "analytics-stock", BATCH, move_fields, on_stock, LINGER_LONG_MS},
    {"orders.order.*", "analytics-orders", BATCH, order_fields, on_orders, SUMS_MS},
    {"orders.refund.*", "analytics-refunds", BATCH, refund_fields, on_refunds, LINGER_LONG_MS},
    {"orders.ledger.*", "analytics-ledger", BATCH, ledger_fields, on_ledger, LINGER_LONG_MS},
    {"fulfillment.shipment.*", "analytics-shipments", BATCH, shipment_fields, on_shipments, LINGER_LONG_MS},
    {"support.ticket.*", "analytics-tickets", BATCH, NULL, on_tickets, LINGER_LONG_MS},
    {"support.survey.*", "analytics-surveys", BATCH, NULL, on_surveys, LINGER_LONG_MS},
    {0},
};

static const struct deadline deadlines[] = {{"rebuild", rebuild_go_on}, {0}};

/* Some minutes after orders wrote down their days; and again, as what was still on its way comes in. */
static const struct schedule schedules[] = {{"20 * * * *", "reconcile", reconcile}, {0}};

static const struct own_gauge gauges[] = {{"backroom_reconcile_diff", reconcile_gauge}, {0}};

static const struct constraint constraints[] = {
    {"rebuild_one_at_a_time", CONFLICT, "rebuild.running", "The figures are being rebuilt already."},
    {0},
};

int main(int argc, char **argv)
{
    static const struct service analytics = {
        .name = "analytics",
        .port = 8085,
        .routes = routes,
        .resources = resources,
        .events = analytics_events,
        .consumers = consumers,
        .deadlines = deadlines,
        .schedules = schedules,
        .gauges = gauges,
        .constraints = constraints,
        .roles = roles,
        .queries = analytics_queries,
        .migrations = analytics_migrations,
        .plans_by_value = true,
    };

    return service_main(&analytics, argc, argv);
}
