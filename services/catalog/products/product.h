/* Products: drafted, submitted, approved by another user, published on channels (C-1, C-2, C-3). */
#ifndef BACKROOM_PRODUCT_H
#define BACKROOM_PRODUCT_H

#include "flow.h"
#include "work.h"

extern const struct step product_flow[];

/* Routes. The other steps are rows (products.c). */
int product_draft(struct work *w);
int product_edit(struct work *w);

#endif
