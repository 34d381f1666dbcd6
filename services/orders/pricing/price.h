/* The price list, copied from catalog's events. */
#ifndef BACKROOM_ORDERS_PRICE_H
#define BACKROOM_ORDERS_PRICE_H

#include "work.h"

/* Consumer of catalog.product.*, BATCH. */
int orders_on_catalog_product(struct work *w);

#endif
