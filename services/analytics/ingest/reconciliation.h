/* Did we count what orders say there was? Counts and money, day by day. */
#ifndef BACKROOM_ANALYTICS_RECONCILIATION_H
#define BACKROOM_ANALYTICS_RECONCILIATION_H

#include <stdint.h>

#include "work.h"

/* orders.ledger.closed: what orders say of a day. */
int on_ledger(struct work *w);
/* By the clock, and by hand: compare. */
int reconcile(struct work *w);
int reconcile_now(struct work *w);
/* So many figures of so many days differ. */
int reconcile_gauge(struct work *w, int64_t *n);

#endif
