/* Reconciliation: compares the figures of finished days with those that orders closed. */
#ifndef BACKROOM_ANALYTICS_RECONCILIATION_H
#define BACKROOM_ANALYTICS_RECONCILIATION_H

#include <stdint.h>

struct work;

/* Consumer of orders.ledger.*, BATCH: the figures of days as orders closed them. */
int analytics_on_orders_ledger(struct work *w);
/* Schedule: compare. */
int reconcile(struct work *w);
/* POST /v1/reconciliation: compare now. */
int reconcile_now(struct work *w);
/* How many figures of all days differ. */
int reconcile_gauge(struct work *w, int64_t *n);

#endif
