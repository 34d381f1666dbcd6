/* Payments: recorded once each, never more than the order comes to (O-8). */
#ifndef BACKROOM_PAYMENT_H
#define BACKROOM_PAYMENT_H

#include "work.h"

int payment_record(struct work *w);

#endif
