/* Backorders (C-10): incomplete reservations wait for stock, which is allocated in order of arrival. */
#ifndef BACKROOM_BACKORDER_H
#define BACKROOM_BACKORDER_H

#include "work.h"

/* Serve all reservations that wait for these SKUs (a JSON list; NULL for none) and announce those that got
 * something. The caller holds an allocation lock and the locks of the levels (stock_lock.sql). */
int backorder_serve(struct work *w, const char *skus);

#endif
