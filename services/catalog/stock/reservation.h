/* Reservations (C-10, O-3): an order holds stock from its arrival to its parcel, or waits in line for it. */
#ifndef BACKROOM_RESERVATION_H
#define BACKROOM_RESERVATION_H

#include "work.h"

/* Consumer of orders.order.*: placed orders reserve, cancelled ones give back, in order of arrival, a batch at once. */
int on_orders(struct work *w);

#endif
