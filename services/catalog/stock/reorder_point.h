/* When to reorder (C-11): a SKU whose available stock falls to its reorder point is low, and that is said once. */
#ifndef BACKROOM_LEVEL_H
#define BACKROOM_LEVEL_H

#include "work.h"

int level_set(struct work *w);

/* The available stock of these SKUs (a JSON list or NULL) has changed: announce those that turned low. */
int level_watch(struct work *w, const char *skus);

#endif
