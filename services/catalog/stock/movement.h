/* The stock ledger (C-9): every change of a level is a movement with its reason. */
#ifndef BACKROOM_CATALOG_MOVEMENT_H
#define BACKROOM_CATALOG_MOVEMENT_H

#include "work.h"

/* POST /v1/stock/movements: book stock in (quantity above zero) or out (below). */
int movement_book(struct work *w);

#endif
