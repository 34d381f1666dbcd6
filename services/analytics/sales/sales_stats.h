/* Sales: orders and refunds become facts and sums; figures and what is behind them. */
#ifndef BACKROOM_ANALYTICS_SALES_H
#define BACKROOM_ANALYTICS_SALES_H

#include "archive.h"
#include "field.h"

int on_orders(struct work *w);
int on_refunds(struct work *w);
int on_products(struct work *w);
int orders_apply(struct work *w, const json_t *news, const char *zone);
int refunds_apply(struct work *w, const json_t *news, const char *zone);
int products_apply(struct work *w, const json_t *news, const char *zone);

extern const struct field sales_fields[];
extern const struct field sales_events_fields[];
int sales_get(struct work *w);
int sales_events_get(struct work *w);

#endif
