/* Orders and refunds become facts and sums. */
#ifndef BACKROOM_ANALYTICS_SALES_FACTS_H
#define BACKROOM_ANALYTICS_SALES_FACTS_H

#include "archive.h"

/* Consumers of orders.order.* and orders.refund.*, BATCH. */
int analytics_on_orders_order(struct work *w);
int analytics_on_orders_refund(struct work *w);
int orders_apply(struct work *w, const json_t *events, const char *zone);
int refunds_apply(struct work *w, const json_t *events, const char *zone);

#endif
