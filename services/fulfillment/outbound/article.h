/* What fulfilment knows of each SKU: barcode, title, weight, learned from catalog's events. */
#ifndef BACKROOM_ARTICLE_H
#define BACKROOM_ARTICLE_H

#include "work.h"

/* catalog.product.*, BATCH. */
int fulfillment_on_catalog_product(struct work *w);

#endif
