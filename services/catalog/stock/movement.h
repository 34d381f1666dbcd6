/* The stock ledger (C-9): every change of a level is a movement with its cause. */
#ifndef BACKROOM_STOCK_H
#define BACKROOM_STOCK_H

#include "work.h"

/* Book stock in (quantity above zero) or out (below). */
int movement_book(struct work *w);

#endif
