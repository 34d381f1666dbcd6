/* Customers' personal data go for good when support says so; of an order under way, when it has ended. */
#ifndef BACKROOM_ERASURE_H
#define BACKROOM_ERASURE_H

#include "work.h"

/* support.customer.*, and the deadline `erase` of a customer with orders under way. */
int orders_on_support_customer(struct work *w);
int customer_erase_again(struct work *w);

#endif
