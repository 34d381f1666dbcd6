#include "order_events.h"

#include "consume.h"
#include "order.h"
#include "order_events_queries.h"
#include "outbox.h"

int orders_on_catalog_reservation(struct work *w)
{
    const char *events = event_batch(w, NULL);
    struct reservations_note_row changed;

    TRY(q_news_lock(w, events));
    TRY(q_reservations_note(w, events, &changed));
    TRY(announce_raised(w, "orders.order.stock_changed", "order", changed.ids));
    return order_confirm_ready(w, changed.ids);
}

/* A parcel of several left or arrived, and its order did not move: it is told all the same. */
static int tell_of_parcels(struct work *w, const char *visible, const char *shipped, const char *delivered)
{
    struct ids_left_row left;

    if (!visible)
        return OK;
    TRY(q_ids_left(w, visible, shipped, delivered, &left));
    return announce_all(w, "orders.order.parcel_changed", "order", left.ids);
}

/* A refused cancel is heard before what the parcels say: the order that was shipped instead turns shipped at once. */
int orders_on_fulfillment_shipment(struct work *w)
{
    const char *events = event_batch(w, NULL), *shipped, *delivered, *cancelled;
    struct parcels_note_row parcels;
    struct parcels_progress_row progress;

    TRY(q_news_lock(w, events));
    TRY(q_parcels_note(w, events, &parcels));
    TRY(order_step_all(w, parcels.refused, "cancelling", "refuse_cancel", NULL));
    TRY(q_parcels_progress(w, parcels.ids, &progress));
    TRY(order_step_all(w, progress.shipped, "confirmed", "ship", &shipped));
    TRY(order_step_all(w, progress.delivered, "shipped", "deliver", &delivered));
    TRY(order_step_all(w, progress.voided, "cancelling", "void", &cancelled));
    TRY(tell_of_parcels(w, parcels.visible, shipped, delivered));
    return order_settle_cancelled(w, cancelled);
}
