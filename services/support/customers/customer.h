/* Customers as their orders show them (S-9), and their erasure. */
#ifndef BACKROOM_CUSTOMER_H
#define BACKROOM_CUSTOMER_H

#include <stdint.h>

#include "work.h"

/* What makes a customer dear: so many orders, or so much kept of what was paid, in minor units. */
struct level_rule {
    int64_t vip_orders, vip_spent;
};

/* "new", "repeat" (two orders or more), "vip". */
const char *customer_level(int64_t orders, int64_t spent, const struct level_rule *rule);

/* The customer of that reference, made known if nobody has heard of them. */
int customer_meet(struct work *w, const char *ref, const char **id);

int support_on_orders_order(struct work *w);

#endif
