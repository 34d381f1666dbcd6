/* Ingest: the archive of all events, quarantine, and the rebuild of the figures. */
#include "analytics_areas.h"
#include "correction.h"
#include "data_quality.h"
#include "rebuild.h"
#include "reconciliation.h"
#include "report.h"

/* Of other services' events: what is needed here; more is ignored. Impossible values are quarantined with
 * their reasons. */
static const struct field ledger_event_figure_fields[] = {
    {"currency", CURRENCY, REQUIRED},
    {"orders", INTEGER, REQUIRED},
    {"gross", INTEGER, REQUIRED},
    {"cancelled", INTEGER, REQUIRED},
    {"refunds", INTEGER, REQUIRED},
    {"refunded", INTEGER, REQUIRED},
    {0},
};

static const struct field ledger_event_fields[] = {
    {"day", DAY, REQUIRED},
    {"time_zone", TEXT, REQUIRED},
    {"since", TIME, REQUIRED},
    {"until", TIME, REQUIRED},
    {"as_of", TIME, REQUIRED},
    {"figures", LIST, REQUIRED, 0, 1000, ledger_event_figure_fields},
    {0},
};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"GET", "/v1/quality", "reports:read", window_fields, quality_get, 200,
     "Get counts of events received, booked and quarantined"},
    {"POST", "/v1/reconciliation", "ops:write", NULL, reconcile_now, 200,
     "Reconcile the figures with those of orders"},
    {"POST", "/v1/quarantine/{id}/reprocess", "quarantine:reprocess", correction_fields, quarantine_reprocess,
     201, "Reprocess a quarantined event with corrections"},
    {"POST", "/v1/rebuild", "ops:write", NULL, rebuild_start, 202, "Rebuild all figures from the archive"},
    {0},
};

static const struct filter quarantine_filters[] = {
    {"type", TEXT},
    {"order_id", UUID},
    {"reason", TEXT, "reasons @> array[?::text]"},
    {"since", TIME, "at >= ?::timestamptz"},
    {"before", TIME, "at < ?::timestamptz"},
    {0},
};

static const struct filter reconciliation_filters[] = {{"differs", BOOLEAN}, {0}};
static const struct filter correction_filters[] = {{"order_id", UUID}, {0}};
static const struct filter rebuild_filters[] = {{"status", TEXT}, {0}};

static const struct resource resources[] = {
    {
        .name = "quarantine",
        .title = "quarantined event",
        .view = "quarantine_json",
        .read = "reports:read",
        .filters = quarantine_filters,
        .sorts = "at",
    },
    {
        .name = "reconciliation",
        .title = "reconciled day",
        .view = "reconciliation_json",
        .read = "reports:read",
        .filters = reconciliation_filters,
        .sorts = "day",
        .key = "day",
    },
    {
        .name = "corrections",
        .title = "correction",
        .aggregate = "correction",
        .table = "correction",
        .view = "correction_json",
        .read = "reports:read",
        .filters = correction_filters,
        .sorts = "created_at",
    },
    {
        .name = "rebuild",
        .title = "rebuild",
        .aggregate = "rebuild",
        .table = "rebuild",
        .view = "rebuild_json",
        .read = "ops:read",
        .filters = rebuild_filters,
        .sorts = "started_at",
    },
    {0},
};

static const struct consumer consumers[] = {
    {
        .subject = "orders.ledger.*",
        .name = "analytics-ledger",
        .mode = BATCH,
        .fields = ledger_event_fields,
        .handler = analytics_on_orders_ledger,
        .linger_ms = LINGER_LONG_MS,
    },
    {0},
};

static const struct deadline deadlines[] = {{"rebuild", rebuild_next_part}, {0}};

/* Some minutes after orders closed their days; and again, because events may still be under way. */
static const struct schedule schedules[] = {{"20 * * * *", "reconcile", reconcile}, {0}};

static const struct own_gauge gauges[] = {{"backroom_reconciliation_differences", reconcile_gauge}, {0}};

static const struct constraint constraints[] = {
    {"rebuild_one_at_a_time", CONFLICT, "rebuild.running", "The figures are being rebuilt already."},
    {0},
};

const struct area analytics_ingest = {
    .name = "ingest",
    .routes = routes,
    .resources = resources,
    .consumers = consumers,
    .deadlines = deadlines,
    .schedules = schedules,
    .gauges = gauges,
    .constraints = constraints,
};
