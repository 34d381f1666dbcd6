/* What fulfilment knows of each SKU: barcode, title, weight, learned from catalog's events. */
#ifndef BACKROOM_ARTICLE_H
#define BACKROOM_ARTICLE_H

#include "work.h"

/* catalog.product.*, BATCH. */
int articles_on_products(struct work *w);

#endif
