/* Products: drafted, submitted, approved by somebody else, published on channels (C-1, C-2, C-3). */
#ifndef BACKROOM_PRODUCT_H
#define BACKROOM_PRODUCT_H

#include "flow.h"
#include "work.h"

extern const struct step product_flow[];

int product_draft(struct work *w);
int product_edit(struct work *w);
int product_submit(struct work *w);
int product_approve(struct work *w);
int product_reject(struct work *w);
int product_publish(struct work *w);
int product_delist(struct work *w);

#endif
