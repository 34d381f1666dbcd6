/* Fulfillment: shipments, waves, papers, scans, exceptions, tracking. */
#include "service.h"

#include "article.h"
#include "exception.h"
#include "fulfillment_events.h"
#include "fulfillment_sql.h"
#include "roles.h"
#include "scan.h"
#include "shipment.h"
#include "tracking.h"
#include "wave.h"

/* --- what comes in ------------------------------------------------------------------------------------- */

static const struct field wave_fields[] = {{"warehouse", CODE, REQUIRED}, {0}};
static const struct field void_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};
static const struct field scan_fields[] = {{"barcode", CODE, REQUIRED}, {"quantity", QUANTITY}, {0}};
static const struct field ship_fields[] = {
    {"carrier", CODE, REQUIRED}, {"tracking_number", CODE, REQUIRED}, {0}};
static const struct field resolve_fields[] = {{"resolution", TEXT, REQUIRED, 1, 1000}, {0}};
static const struct field assign_fields[] = {{"owner", CODE, REQUIRED}, {0}};

static const struct field tracking_fields[] = {
    {"carrier", CODE, REQUIRED},
    {"tracking_number", CODE, REQUIRED},
    {"status", TEXT, REQUIRED, .choices = tracking_statuses},
    {"occurred_at", TIME, REQUIRED},
    {"note", TEXT, OPTIONAL, 0, 1000},
    {0},
};

static const struct field variant_news[] = {
    {"sku", CODE, REQUIRED}, {"barcode", CODE}, {"weight_g", INTEGER}, {0}};
static const struct field product_news[] = {{"variants", LIST, OPTIONAL, 0, 10000, variant_news}, {0}};

static const struct field allocation_news[] = {{"sku", CODE, REQUIRED},
                                               {"warehouse", CODE, REQUIRED},
                                               {"quantity", INTEGER, REQUIRED, 0, INT64_MAX},
                                               {0}};
static const struct field order_news[] = {
    {"id", UUID, REQUIRED},
    {"number", TEXT, REQUIRED},
    {"status", TEXT, REQUIRED},
    {"allocation", LIST, OPTIONAL, 0, 10000, allocation_news},
    {0},
};

/* --- the table of contents ----------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/waves", "waves:write", wave_fields, wave_open, 201,
     "Open a wave of what waits in a warehouse"},
    {"POST", "/v1/waves/{id}/void", "waves:write", void_fields, wave_void, 200, "Void its papers"},
    {"GET", "/v1/waves/{id}/pick-list", "waves:read", NULL, wave_pick_list, 200,
     "What to fetch, quantities summed"},
    {"GET", "/v1/waves/{id}/sort-list", "waves:read", NULL, wave_sort_list, 200, "What goes into which slot"},
    {"POST", "/v1/shipments/{shipment_id}/scans", "shipments:scan", scan_fields, scan_out, 201,
     "Scan units out"},
    {"GET", "/v1/shipments/{shipment_id}/scans", "shipments:read", NULL, resource_list, 200,
     "Every attempt, refused too"},
    {"POST", "/v1/shipments/{id}/ship", "shipments:ship", ship_fields, shipment_ship, 200,
     "It leaves with a carrier"},
    {"POST", "/v1/tracking-events", "tracking:write", tracking_fields, tracking_take, 201,
     "News of a parcel"},
    {"POST", "/v1/exceptions/{id}/resolve", "exceptions:write", resolve_fields, exception_resolve, 200,
     "Settle it"},
    {"POST", "/v1/exceptions/{id}/assign", "exceptions:write", assign_fields, exception_assign, 200,
     "Whose it is"},
    {0},
};

static const struct filter shipment_filters[] = {
    {"order_id", UUID, "order_id = ?::uuid"},   {"status", TEXT, "status = ?::text"},
    {"warehouse", CODE, "warehouse = ?::text"}, {"wave_id", UUID, "wave_id = ?::uuid"},
    {"carrier", CODE, "carrier = ?::text"},     {"tracking_number", CODE, "tracking_number = ?::text"},
    {"number", CODE, "number = ?::text"},       {0},
};

static const struct filter wave_filters[] = {
    {"status", TEXT, "status = ?::text"},
    {"warehouse", CODE, "warehouse = ?::text"},
    {0},
};

static const struct filter exception_filters[] = {
    {"shipment_id", UUID, "shipment_id = ?::uuid"},
    {"order_id", UUID, "order_id = ?::uuid"},
    {"status", TEXT, "status = ?::text"},
    {"kind", TEXT, "kind = ?::text"},
    {"owner", CODE, "owner = ?::text"},
    {0},
};

static const struct filter scan_filters[] = {
    {"shipment_id", UUID, "shipment_id = ?::uuid"},
    {"result", TEXT, "result = ?::text"},
    {"operator", CODE, "operator = ?::text"},
    {0},
};

static const struct filter tracking_filters[] = {
    {"shipment_id", UUID, "shipment_id = ?::uuid"},
    {"carrier", CODE, "carrier = ?::text"},
    {"tracking_number", CODE, "tracking_number = ?::text"},
    {"status", TEXT, "status = ?::text"},
    {0},
};

static const struct resource resources[] = {
    {"shipments", "shipment", "shipment", "shipment_json", "shipments:read", "shipments:personal", NULL,
     shipment_filters, "created_at,number,wave_by", shipment_flow, .moves = true},
    {"waves", "wave", "wave", "wave_json", "waves:read", NULL, NULL, wave_filters, "created_at,number",
     wave_flow},
    {"exceptions", "exception", "exception", "exception_json", "exceptions:read", NULL, NULL,
     exception_filters, "created_at,due_at", exception_flow},
    {"scans", NULL, NULL, "scan_json", "shipments:read", NULL, NULL, scan_filters, "at"},
    {"tracking-events", NULL, NULL, "tracking_json", "shipments:read", "shipments:personal", NULL,
     tracking_filters, "occurred_at"},
    {0},
};

static const char *const order_reads[] = {"orders.order.confirmed", "orders.order.stock_changed",
                                          "orders.order.cancel_requested", "orders.order.erased", NULL};

static const struct consumer consumers[] = {
    {"catalog.product.*", "fulfillment-products", BATCH | REPLAYABLE, product_news, articles_on_products,
     LINGER_MEDIUM_MS},
    {"orders.order.*", "fulfillment-orders", BATCH, order_news, shipments_on_orders, LINGER_SHORT_MS,
     order_reads},
    {0},
};

static const struct deadline deadlines[] = {{"parcel_silent", parcel_on_silence}, {0}};

/* The times that next_wave() knows (migration 0001). */
static const struct schedule schedules[] = {{"0 8,12,16 * * *", "waves", wave_open_all}, {0}};

static const struct constraint constraints[] = {
    {"shipment_tracking_number", CONFLICT, "shipment.tracking_number_used",
     "Another shipment went with this carrier and tracking number."},
    {0},
};

int main(int argc, char **argv)
{
    static const struct service fulfillment = {
        .name = "fulfillment",
        .port = 8083,
        .routes = routes,
        .resources = resources,
        .events = fulfillment_events,
        .consumers = consumers,
        .deadlines = deadlines,
        .schedules = schedules,
        .constraints = constraints,
        .roles = roles,
        .queries = fulfillment_queries,
        .migrations = fulfillment_migrations,
    };

    return service_main(&fulfillment, argc, argv);
}
