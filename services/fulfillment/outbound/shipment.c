#include "shipment.h"

#include <inttypes.h>
#include <string.h>

#include "calendar.h"
#include "consume.h"
#include "deadline.h"
#include "erase.h"
#include "erasure_queries.h"
#include "exception.h"
#include "outbox.h"
#include "resource.h"
#include "shipment_queries.h"
#include "tracking.h"

static int may_ship(struct work *w, const char *id);

/* Waves and orders move many shipments at once (wave.sql, shipment.sql): along these rows all the same. */
const struct step shipment_flow[] = {
    {"pending", "wave", "waved", NULL, "fulfillment.shipment.waved"},
    {"waved", "pack", "packed", NULL, "fulfillment.shipment.packed"},
    {"packed", "ship", "shipped", may_ship, "fulfillment.shipment.shipped"},
    {"shipped", "deliver", "delivered", NULL, "fulfillment.shipment.delivered"},
    {"waved", "unwave", "pending", NULL, "fulfillment.shipment.unwaved"},
    {"packed", "unwave", "pending", NULL, "fulfillment.shipment.unwaved"},
    {"pending", "void", "voided", NULL, "fulfillment.shipment.voided"},
    {"waved", "void", "voided", NULL, "fulfillment.shipment.voided"},
    {"packed", "void", "voided", NULL, "fulfillment.shipment.voided"},
    {"shipped", "cancel", "shipped", NULL, "fulfillment.shipment.cancel_refused"},
    {"delivered", "cancel", "delivered", NULL, "fulfillment.shipment.cancel_refused"},
    {0},
};

/* --- from orders --------------------------------------------------------------------------------------- */

static int release(struct work *w, const char *orders)
{
    struct orders_release_row row;

    if (!orders)
        return OK;
    TRY(q_orders_release(w, orders, calendar_zone(), &row));
    return announce_new(w, "fulfillment.shipment.created", "shipment", row.created);
}

/* The answer to orders' question: everything is void, or something has left. */
static int cancel(struct work *w, const char *orders)
{
    struct orders_void_row row;

    if (!orders)
        return OK;
    TRY(q_orders_lock(w, orders));
    TRY(q_orders_void(w, orders, calendar_zone(), &row));
    TRY(q_papers_void(w, row.voided));
    TRY(exceptions_settle(w, row.voided, NULL, "The order was cancelled."));
    TRY(announce_all(w, "fulfillment.shipment.voided", "shipment", row.voided));
    TRY(announce_new(w, "fulfillment.shipment.voided", "shipment", row.made));
    return announce_all(w, "fulfillment.shipment.cancel_refused", "shipment", row.refused);
}

static int erase_personal(struct work *w, const char *orders)
{
    struct shipments_erase_row erased;

    if (!orders)
        return OK;
    TRY(q_shipments_erase(w, orders, &erased));
    TRY(q_dead_orders_forget(w, orders));
    return erase(w, "shipment", erased.ids, "{customer,ship_to,wishes,note,resolution}");
}

/* Of one order the confirmation comes before more stock, and both before the cancellation: so whole batches go in
 * this order, whatever the order between orders was. */
int shipments_on_orders(struct work *w)
{
    TRY(release(w, event_batch(w, "orders.order.confirmed")));
    TRY(release(w, event_batch(w, "orders.order.stock_changed")));
    TRY(cancel(w, event_batch(w, "orders.order.cancel_requested")));
    return erase_personal(w, event_batch(w, "orders.order.erased"));
}

/* --- out of the house ---------------------------------------------------------------------------------- */

int shipment_pack(struct work *w, const char *id)
{
    TRY(flow_apply(w, "shipment", id, "pack"));
    return q_shipment_packed(w, id);
}

static int may_ship(struct work *w, const char *id)
{
    struct shipment_exceptions_row open;

    TRY(q_shipment_exceptions(w, id, &open));
    if (open.n)
        return fail(w, CONFLICT, "shipment.exception_open", "Nothing leaves while an exception is open: %s.",
                    open.kinds);
    return OK;
}

/* Said before the flow would say it: what is missing, and not only that the step is not there. */
static int must_be_packed(struct work *w, const char *id)
{
    struct shipment_missing_row missing;
    const char *status;

    TRY(flow_lock(w, "shipment", id, &status));
    if (strcmp(status, "pending") != 0 && strcmp(status, "waved") != 0)
        return OK;
    TRY(q_shipment_missing(w, id, &missing));
    return fail(w, CONFLICT, "shipment.not_packed",
                "The shipment is %s: %" PRId64 " units are still to be scanned.", status, missing.units);
}

int shipment_ship(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(must_be_packed(w, id));
    TRY(flow_apply(w, "shipment", id, "ship"));
    TRY(q_shipment_shipped(w, id, in_str(w, "carrier"), in_str(w, "tracking_number")));
    TRY(parcel_listen(w, id));
    return reply_resource(w, "shipments", id);
}
