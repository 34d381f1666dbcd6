/* Sales: orders and refunds as facts, and figures of them. */
#include "analytics_areas.h"
#include "drilldown.h"
#include "report.h"
#include "sales_facts.h"
#include "sales_stats.h"

/* --- input ----------------------------------------------------------------------------------------------- */

enum { KEYS = 1000 };

#define CUTS "day|hour|week|month|channel|country|product|customer"

static const struct field sales_common_fields[] = {
    {.extends = window_fields}, {"by", TEXT, .choices = CUTS}, {"channel", TEXT}, {"currency", CURRENCY}, {0},
};

static const struct field sales_fields[] = {
    {.extends = sales_common_fields},
    {"compare", TEXT, .choices = "previous"},
    {"limit", INTEGER, OPTIONAL, 1, KEYS},
    {0},
};

static const struct field sales_events_fields[] = {
    {.extends = sales_common_fields}, {"key", TEXT}, {.extends = page_fields}, {0}};

/* Of orders' events: what is needed here; more is ignored. Impossible values are quarantined with their reasons. */
static const struct field order_event_fields[] = {
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

static const struct field refund_event_fields[] = {
    {"id", UUID, REQUIRED},        {"order_id", UUID, REQUIRED},    {"currency", CURRENCY, REQUIRED},
    {"amount", INTEGER, REQUIRED}, {"refunded_at", TIME, REQUIRED}, {0},
};

/* --- the table of contents ------------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"GET", "/v1/sales", "sales:read", sales_fields, sales_get, 200, "Get the sales of a window"},
    {"GET", "/v1/sales/events", "sales:read", sales_events_fields, sales_events_get, 200,
     "List the orders and refunds behind a figure"},
    {0},
};

/* Figures may be two seconds late; the more orders come together, the fewer times each sum is changed. */
enum { SUMS_MS = 500 };

static const struct consumer consumers[] = {
    {
        .subject = "orders.order.*",
        .name = "analytics-orders",
        .mode = BATCH,
        .fields = order_event_fields,
        .handler = analytics_on_orders_order,
        .linger_ms = SUMS_MS,
    },
    {
        .subject = "orders.refund.*",
        .name = "analytics-refunds",
        .mode = BATCH,
        .fields = refund_event_fields,
        .handler = analytics_on_orders_refund,
        .linger_ms = LINGER_LONG_MS,
    },
    {0},
};

const struct area analytics_sales = {
    .name = "sales",
    .routes = routes,
    .consumers = consumers,
};
