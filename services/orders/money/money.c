/* Money: payments, refunds, and the ledger of finished days. */
#include "cart.h"
#include "intake.h"
#include "ledger.h"
#include "orders_areas.h"
#include "payment.h"
#include "refund.h"
#include "refund_import.h"

/* --- input ------------------------------------------------------------------------------------------- */

static const struct field refund_line_fields[] = {
    {"sku", CODE, REQUIRED}, {"quantity", QUANTITY, REQUIRED}, {0}};

static const struct field refund_common_fields[] = {
    {"amount", MONEY, REQUIRED, 1, MONEY_MAX},
    {"reason", TEXT, REQUIRED, 1, 500},
    {"lines", LIST, OPTIONAL, 1, 1000, refund_line_fields},
    {"refunded_at", TIME},
    {0},
};

static const struct field refund_fields[] = {
    {.extends = refund_common_fields},
    {"reference", CODE, OPTIONAL, 1, 128},
    {0},
};

/* A row names its order, and its reference identifies it among the refunds of that order. */
static const struct field refund_row_fields[] = {
    {"channel", CODE, REQUIRED},
    {"channel_ref", CODE, REQUIRED, 1, 128},
    {"reference", CODE, REQUIRED, 1, 128},
    {.extends = refund_common_fields},
    {0},
};

/* --- the table of contents --------------------------------------------------------------------------- */

static const struct route routes[] = {
    {"POST", "/v1/orders/{id}/payments", "orders:pay", payment_fields, payment_record, 201,
     "Record a payment for the order"},
    {"POST", "/v1/orders/{id}/refunds", "orders:refund", refund_fields, refund_pay, 201,
     "Refund money of the order"},
    {"POST", "/v1/ledger", "ops:write", ledger_fields, ledger_close, 200,
     "Close finished days of the ledger again"},
    {0},
};

static const struct filter refund_filters[] = {
    {"order_id", UUID},
    {"kind", TEXT},
    {"refunded_from", TIME, "refunded_at >= ?::timestamptz"},
    {"refunded_to", TIME, "refunded_at < ?::timestamptz"},
    {0},
};

static const struct resource resources[] = {
    {
        .name = "refunds",
        .title = "refund",
        .aggregate = "refund",
        .table = "refund",
        .view = "refund_json",
        .read = "orders:read",
        .filters = refund_filters,
        .sorts = "refunded_at,amount",
    },
    {
        .name = "ledger",
        .title = "day of the ledger",
        .titles = "days of the ledger",
        .aggregate = "ledger",
        .table = "ledger_day",
        .view = "ledger_json",
        .read = "reports:read",
        .sorts = "day,updated_at",
        .key = "day",
    },
    {0},
};

static const struct import_kind imports[] = {
    {"refunds", "orders:refund", refund_row_fields, refunds_import},
    {0},
};

/* The night's run is repeated, so that a run that no instance was up for is made up for on the same day. */
static const struct schedule schedules[] = {{"5 1,7,13,19 * * *", "ledger", ledger_close_last}, {0}};

static const struct constraint constraints[] = {
    {"order_paid", CONFLICT, "payment.too_much", "The amount is more than is still to be paid."},
    {"order_refunded", CONFLICT, "refund.too_much", "The amount is more than can be refunded."},
    {0},
};

const struct area orders_money = {
    .name = "money",
    .routes = routes,
    .resources = resources,
    .schedules = schedules,
    .imports = imports,
    .constraints = constraints,
};
