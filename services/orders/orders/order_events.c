#include "order_events.h"

#include "consume.h"
#include "order.h"
#include "order_events_queries.h"
#include "outbox.h"

int orders_on_catalog_reservation(struct work *w)
{
    const char *events = event_batch(w, NULL);
    struct reservations_note_row changed;

    TRY(q_orders_of_events_lock(w, events));
    TRY(q_reservations_note(w, events, &changed));
    TRY(announce_raised(w, "orders.order.stock_changed", "order", changed.ids));
    return order_confirm_ready(w, changed.ids);
}

/* One of several parcels was shipped or delivered, and the order keeps its status: announce that, too. */
static int announce_parcels(struct work *w, const char *visible, const char *shipped, const char *delivered)
{
    struct ids_left_row left;

    if (!visible)
        return OK;
    TRY(q_ids_left(w, visible, shipped, delivered, &left));
    return announce_all(w, "orders.order.parcel_changed", "order", left.ids);
}

/* Refused cancellations come before the progress of parcels: an order that was shipped instead becomes
 * shipped at once. */
int orders_on_fulfillment_shipment(struct work *w)
{
    const char *events = event_batch(w, NULL), *shipped, *delivered, *cancelled;
    struct parcels_note_row parcels;
    struct parcels_progress_row progress;

    TRY(q_orders_of_events_lock(w, events));
    TRY(q_parcels_note(w, events, &parcels));
    TRY(order_step_all(w, parcels.refused, "cancelling", "refuse_cancel", NULL));
    TRY(q_parcels_progress(w, parcels.ids, &progress));
    TRY(order_step_all(w, progress.shipped, "confirmed", "ship", &shipped));
    TRY(order_step_all(w, progress.delivered, "shipped", "deliver", &delivered));
    TRY(order_step_all(w, progress.voided, "cancelling", "void", &cancelled));
    TRY(announce_parcels(w, parcels.visible, shipped, delivered));
    return order_settle_cancelled(w, cancelled);
}
