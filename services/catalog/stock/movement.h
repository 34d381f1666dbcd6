/* The stock ledger (C-9): every change of a level is a movement with its cause. */
#ifndef BACKROOM_STOCK_H
#define BACKROOM_STOCK_H

#include "work.h"

/* Book stock in (quantity above zero) or out (below). */
int stock_movement(struct work *w);
int stock_explain(struct work *w);

#endif
