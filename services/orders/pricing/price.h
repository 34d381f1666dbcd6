/* The price list, learned from catalog's news, and the channels that orders come from. */
#ifndef BACKROOM_PRICE_H
#define BACKROOM_PRICE_H

#include "work.h"

int prices_heard(struct work *w);
int channel_set(struct work *w);

#endif
