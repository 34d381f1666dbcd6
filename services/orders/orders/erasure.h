/* Erasure of personal data when support has erased a customer; of an order that has not ended, when it
 * has. */
#ifndef BACKROOM_ORDERS_ERASURE_H
#define BACKROOM_ORDERS_ERASURE_H

#include "work.h"

/* Consumer of support.customer.*, BATCH. */
int orders_on_support_customer(struct work *w);
/* Deadline of a customer with orders that had not ended. */
int customer_erase_again(struct work *w);

#endif
