/* What the other services' news make of orders: stock set aside by catalog, parcels of fulfilment. */
#ifndef BACKROOM_PROGRESS_H
#define BACKROOM_PROGRESS_H

#include "work.h"

int orders_on_catalog_reservation(struct work *w);
int orders_on_fulfillment_shipment(struct work *w);

#endif
