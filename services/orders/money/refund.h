/* Manual refunds: never more money or units than can be refunded (O-8). */
#ifndef BACKROOM_REFUND_H
#define BACKROOM_REFUND_H

#include "work.h"

/* POST /v1/orders/{id}/refunds */
int refund_pay(struct work *w);

#endif
