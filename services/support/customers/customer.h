/* Customers, as derived from their orders (S-9). */
#ifndef BACKROOM_SUPPORT_CUSTOMER_H
#define BACKROOM_SUPPORT_CUSTOMER_H

#include <stdint.h>

#include "work.h"

/* What makes a customer a VIP: so many orders, or so much paid and not refunded, in minor units. */
struct level_rule {
    int64_t vip_orders, vip_spent;
};

/* "new", "repeat" (two orders or more), "vip". */
const char *customer_level(int64_t orders, int64_t spent, const struct level_rule *rule);

/* The customer with this reference, created if there is none. */
int customer_find_or_create(struct work *w, const char *ref, const char **id);

/* Consumer of orders.order.*, BATCH. */
int support_on_orders_order(struct work *w);

#endif
