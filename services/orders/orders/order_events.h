/* Applies other services' events to orders: reservations of catalog, shipments of fulfillment. */
#ifndef BACKROOM_ORDERS_ORDER_EVENTS_H
#define BACKROOM_ORDERS_ORDER_EVENTS_H

#include "work.h"

/* Consumers of catalog.reservation.* and fulfillment.shipment.*, BATCH. */
int orders_on_catalog_reservation(struct work *w);
int orders_on_fulfillment_shipment(struct work *w);

#endif
