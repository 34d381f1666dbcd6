/* What the news of parcels means to support. */
#ifndef BACKROOM_SHIPMENT_H
#define BACKROOM_SHIPMENT_H

#include "work.h"

int support_on_fulfillment_shipment(struct work *w);

#endif
