#include "shipment_events.h"

#include "consume.h"
#include "outbox.h"
#include "shipment_events_queries.h"

int catalog_on_fulfillment_shipment(struct work *w)
{
    const char *shipped = event_batch(w, "fulfillment.shipment.shipped");
    struct shipment_take_row booked;
    struct shipment_complete_row complete;

    if (!shipped)
        return OK;
    TRY(q_shipment_stock_lock(w, shipped));
    TRY(q_shipment_reservation_lock(w, shipped));
    TRY(q_shipment_take(w, shipped, w->actor, &booked));
    TRY(q_shipment_complete(w, shipped, &complete));
    TRY(announce_new(w, "catalog.stock.moved", "movement", booked.movements));
    return announce_all(w, "catalog.reservation.taken", "reservation", complete.ids);
}
