/* Reservations (C-10, O-3): an order holds stock from its arrival to its parcel, or waits in line for it. */
#ifndef BACKROOM_RESERVATION_H
#define BACKROOM_RESERVATION_H

#include "work.h"

/* Consumer of orders.order.*: placed orders reserve, cancelled ones give back, in order of arrival, a batch at once. */
int on_orders(struct work *w);

/*
 * Serve, in order of arrival, the reservations `fresh` (an array of uuid) and all that wait for the SKUs `freed` (a
 * JSON list); NULL for none. The levels must be locked (q_stock_lock) and q_allocation_… be held. Announces what came
 * of it: every fresh one, and those that got something.
 */
int reservation_serve(struct work *w, const char *fresh, const char *freed);

#endif
