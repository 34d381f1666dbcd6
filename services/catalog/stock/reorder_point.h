/* Reorder points (C-11): a SKU whose available stock falls to its reorder point is low, which is announced once. */
#ifndef BACKROOM_CATALOG_REORDER_POINT_H
#define BACKROOM_CATALOG_REORDER_POINT_H

#include "work.h"

/* POST /v1/stock/{sku}/reorder-point */
int reorder_point_set(struct work *w);

/* The available stock of these SKUs (a JSON list or NULL) has changed: announce those that became low. */
int reorder_point_check(struct work *w, const char *skus);

#endif
