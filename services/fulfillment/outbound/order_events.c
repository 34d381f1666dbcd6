#include "order_events.h"

#include "calendar.h"
#include "consume.h"
#include "erase.h"
#include "exception.h"
#include "order_events_queries.h"
#include "outbox.h"
#include "shipment_queries.h"

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
int fulfillment_on_orders_order(struct work *w)
{
    TRY(release(w, event_batch(w, "orders.order.confirmed")));
    TRY(release(w, event_batch(w, "orders.order.stock_changed")));
    TRY(cancel(w, event_batch(w, "orders.order.cancel_requested")));
    return erase_personal(w, event_batch(w, "orders.order.erased"));
}
