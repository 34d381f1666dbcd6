/* The stock ledger (C-9): every change of a level is a movement with its cause. */
#ifndef BACKROOM_STOCK_H
#define BACKROOM_STOCK_H

#include "work.h"

int stock_movement(struct work *w);

#endif
