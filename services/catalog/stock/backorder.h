/* Backorders (C-10): reservations that miss something wait in line, and get what becomes free in order of arrival. */
#ifndef BACKROOM_BACKORDER_H
#define BACKROOM_BACKORDER_H

#include "work.h"

/* Serve all that wait for these SKUs (a JSON list; NULL for none) and announce whoever got something. The levels must be
 * locked (q_stock_lock) and q_allocation_… be held. */
int backorder_serve(struct work *w, const char *skus);

#endif
