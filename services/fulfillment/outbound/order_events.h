/* Shipments are made from confirmed orders and voided with cancelled ones (F-1). */
#ifndef BACKROOM_FULFILLMENT_ORDER_EVENTS_H
#define BACKROOM_FULFILLMENT_ORDER_EVENTS_H

#include "work.h"

/* Consumer of orders.order.*, BATCH. */
int fulfillment_on_orders_order(struct work *w);

#endif
