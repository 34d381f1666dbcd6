/* Orders coming in (O-1, O-2): priced, checked, taken down once. */
#ifndef BACKROOM_INTAKE_H
#define BACKROOM_INTAKE_H

#include "work.h"

int order_place(struct work *w);
/* The same channel reference was just taken by another request: answer with that order, or refuse. */
int order_placed_before(struct work *w);

#endif
