/* The price list, learned from catalog's news, and the channels that orders come from. */
#ifndef BACKROOM_PRICE_H
#define BACKROOM_PRICE_H

#include "work.h"

int orders_on_catalog_product(struct work *w);

#endif
