/* Stock as catalog's movements show it, and the articles that do not sell. */
#ifndef BACKROOM_ANALYTICS_STOCK_STATS_H
#define BACKROOM_ANALYTICS_STOCK_STATS_H

#include "archive.h"

/* Consumer of catalog.stock.moved, BATCH. */
int analytics_on_catalog_stock(struct work *w);
int stock_apply(struct work *w, const json_t *events, const char *zone);

/* GET /v1/products/slow */
int slow_get(struct work *w);

#endif
