/* Refunds by hand: never more money or units than there are to give back (O-8). */
#ifndef BACKROOM_REFUND_H
#define BACKROOM_REFUND_H

#include "work.h"

int refund_pay(struct work *w);

#endif
