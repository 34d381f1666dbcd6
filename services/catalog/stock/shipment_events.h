/* What fulfilment ships leaves the stock. */
#ifndef BACKROOM_SHIPMENT_H
#define BACKROOM_SHIPMENT_H

#include "work.h"

/* Consumer of fulfillment.shipment.*: shipped ones are booked out against their orders' reservations. */
int on_shipments(struct work *w);

#endif
