/* What the news of parcels means to support. */
#ifndef BACKROOM_SHIPMENT_H
#define BACKROOM_SHIPMENT_H

#include "work.h"

int on_shipments(struct work *w);

#endif
