/* Outbound: shipments, waves with their lists, scans and exceptions. */
#include "article.h"
#include "exception.h"
#include "fulfillment_areas.h"
#include "order_events.h"
#include "scan.h"
#include "shipment.h"
#include "wave.h"

/* --- input ------------------------------------------------------------------------------------------- */

static const struct field wave_fields[] = {{"warehouse", CODE, REQUIRED}, {0}};
static const struct field void_fields[] = {{"reason", TEXT, REQUIRED, 1, 500}, {0}};
static const struct field scan_fields[] = {{"barcode", CODE, REQUIRED}, {"quantity", QUANTITY}, {0}};
static const struct field ship_fields[] = {
    {"carrier", CODE, REQUIRED}, {"tracking_number", CODE, REQUIRED}, {0}};
static const struct field resolve_fields[] = {{"resolution", TEXT, REQUIRED, 1, 1000}, {0}};
static const struct field assign_fields[] = {{"owner", CODE, REQUIRED}, {0}};

/* Of other services' events: what is needed here; more is ignored. */
static const struct field variant_event_fields[] = {
    {"sku", CODE, REQUIRED}, {"barcode", CODE}, {"weight_g", INTEGER}, {0}};
static const struct field product_event_fields[] = {
    {"variants", LIST, OPTIONAL, 0, 10000, variant_event_fields}, {0}};

static const struct field allocation_event_fields[] = {
    {"sku", CODE, REQUIRED},
    {"warehouse", CODE, REQUIRED},
    {"quantity", INTEGER, REQUIRED, 0, INT64_MAX},
    {0},
};

static const struct field order_event_fields[] = {
    {"id", UUID, REQUIRED},
    {"number", TEXT, REQUIRED},
    {"status", TEXT, REQUIRED},
    {"allocation", LIST, OPTIONAL, 0, 10000, allocation_event_fields},
    {0},
};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/waves", "waves:write", wave_fields, wave_open, 201,
     "Open a wave of the shipments that wait in a warehouse"},
    {"POST", "/v1/waves/{id}/void", "waves:write", void_fields, wave_void, 200, "Void the wave"},
    {"GET", "/v1/waves/{id}/pick-list", "waves:read", NULL, query_route, 200,
     "Get the wave's pick list, quantities summed by SKU", .query = "wave_pick_list"},
    {"GET", "/v1/waves/{id}/sort-list", "waves:read", NULL, query_route, 200,
     "Get the wave's sort list, by shipment", .query = "wave_sort_list"},
    {"POST", "/v1/shipments/{shipment_id}/scans", "shipments:scan", scan_fields, scan_out, 201,
     "Scan units of the shipment"},
    {"GET", "/v1/shipments/{shipment_id}/scans", "shipments:read", NULL, resource_list, 200,
     "List the scans of the shipment, including refused ones"},
    {"POST", "/v1/shipments/{id}/ship", "shipments:ship", ship_fields, shipment_ship, 200,
     "Ship the shipment with a carrier"},
    {"POST", "/v1/exceptions/{id}/resolve", "exceptions:write", resolve_fields, exception_resolve, 200,
     "Resolve the exception"},
    {"POST", "/v1/exceptions/{id}/assign", "exceptions:write", assign_fields, action_route, 200,
     "Assign the exception", .query = "exception_assigned"},
    {0},
};

static const struct filter shipment_filters[] = {
    {"order_id", UUID}, {"status", TEXT},          {"warehouse", CODE}, {"wave_id", UUID},
    {"carrier", CODE},  {"tracking_number", CODE}, {"number", CODE},    {0},
};

static const struct filter wave_filters[] = {{"status", TEXT}, {"warehouse", CODE}, {0}};

static const struct filter exception_filters[] = {
    {"shipment_id", UUID}, {"order_id", UUID}, {"status", TEXT}, {"kind", TEXT}, {"owner", CODE}, {0},
};

static const struct filter scan_filters[] = {
    {"shipment_id", UUID}, {"result", TEXT}, {"operator", CODE}, {0}};

static const struct resource resources[] = {
    {
        .name = "shipments",
        .title = "shipment",
        .aggregate = "shipment",
        .table = "shipment",
        .view = "shipment_json",
        .read = "shipments:read",
        .reveal = "shipments:personal",
        .filters = shipment_filters,
        .sorts = "created_at,number,wave_by",
        .flow = shipment_flow,
        .changes_without_events = true,
    },
    {
        .name = "waves",
        .title = "wave",
        .aggregate = "wave",
        .table = "wave",
        .view = "wave_json",
        .read = "waves:read",
        .filters = wave_filters,
        .sorts = "created_at,number",
        .flow = wave_flow,
    },
    {
        .name = "exceptions",
        .title = "exception",
        .aggregate = "exception",
        .table = "exception",
        .view = "exception_json",
        .read = "exceptions:read",
        .filters = exception_filters,
        .sorts = "created_at,due_at",
        .flow = exception_flow,
    },
    {
        .name = "scans",
        .title = "scan",
        .view = "scan_json",
        .read = "shipments:read",
        .filters = scan_filters,
        .sorts = "at",
    },
    {0},
};

static const char *const order_reads[] = {"orders.order.confirmed", "orders.order.stock_changed",
                                          "orders.order.cancel_requested", "orders.order.erased", NULL};

static const struct consumer consumers[] = {
    {
        .subject = "catalog.product.*",
        .name = "fulfillment-products",
        .mode = BATCH | REPLAYABLE,
        .fields = product_event_fields,
        .handler = fulfillment_on_catalog_product,
        .linger_ms = LINGER_MEDIUM_MS,
    },
    {
        .subject = "orders.order.*",
        .name = "fulfillment-orders",
        .mode = BATCH,
        .fields = order_event_fields,
        .handler = fulfillment_on_orders_order,
        .linger_ms = LINGER_SHORT_MS,
        .reads = order_reads,
    },
    {0},
};

/* The times that next_wave() has (migrations/0001_outbound_shipments.sql). */
static const struct schedule schedules[] = {{"0 8,12,16 * * *", "waves", wave_open_all}, {0}};

static const struct constraint constraints[] = {
    {"shipment_tracking_number", CONFLICT, "shipment.tracking_number_used",
     "Another shipment has this carrier and tracking number."},
    {0},
};

const struct area fulfillment_outbound = {
    .name = "outbound",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
    .schedules = schedules,
    .constraints = constraints,
};
