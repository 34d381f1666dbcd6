/* Reservations (C-10, O-3): an order holds stock from its arrival until it is shipped, or waits for it. */
#ifndef BACKROOM_CATALOG_RESERVATION_H
#define BACKROOM_CATALOG_RESERVATION_H

#include "work.h"

/* Consumer of orders.order.*, BATCH: placed orders reserve and cancelled ones release, in order of arrival, all events of
 * the batch at once. */
int catalog_on_orders_order(struct work *w);

#endif
