/* Shipments lead to follow-up tasks and surveys. */
#ifndef BACKROOM_SUPPORT_SHIPMENT_EVENTS_H
#define BACKROOM_SUPPORT_SHIPMENT_EVENTS_H

#include "work.h"

/* Consumer of fulfillment.shipment.*, BATCH. */
int support_on_fulfillment_shipment(struct work *w);

#endif
