/* Titles of products, and best sellers. */
#ifndef BACKROOM_ANALYTICS_PRODUCT_STATS_H
#define BACKROOM_ANALYTICS_PRODUCT_STATS_H

#include "archive.h"

/* Consumer of catalog.product.*, BATCH. */
int analytics_on_catalog_product(struct work *w);
int products_apply(struct work *w, const json_t *events, const char *zone);

/* GET /v1/products/ranking */
int ranking_get(struct work *w);

#endif
