/* Articles: the barcode, title and weight of each SKU, copied from catalog's events. */
#ifndef BACKROOM_FULFILLMENT_ARTICLE_H
#define BACKROOM_FULFILLMENT_ARTICLE_H

#include "work.h"

/* Consumer of catalog.product.*, BATCH. */
int fulfillment_on_catalog_product(struct work *w);

#endif
