/* Payments: recorded once each, never more than the order's total (O-8). */
#ifndef BACKROOM_PAYMENT_H
#define BACKROOM_PAYMENT_H

#include "work.h"

/* POST /v1/orders/{id}/payments */
int payment_record(struct work *w);

#endif
