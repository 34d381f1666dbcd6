/* Erasure of a customer's personal data. */
#ifndef BACKROOM_SUPPORT_CUSTOMER_ERASURE_H
#define BACKROOM_SUPPORT_CUSTOMER_ERASURE_H

#include "work.h"

/* POST /v1/customers/{id}/erase */
int customer_erase(struct work *w);

#endif
