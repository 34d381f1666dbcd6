/* Shipped units are booked out of the stock. */
#ifndef BACKROOM_CATALOG_SHIPMENT_EVENTS_H
#define BACKROOM_CATALOG_SHIPMENT_EVENTS_H

#include "work.h"

/* Consumer of fulfillment.shipment.*, BATCH: book shipped units out against their orders' reservations. */
int catalog_on_fulfillment_shipment(struct work *w);

#endif
