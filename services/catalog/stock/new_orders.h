/* The new orders among the events of a batch, and what each needs of the stock. */
#ifndef BACKROOM_CATALOG_NEW_ORDERS_H
#define BACKROOM_CATALOG_NEW_ORDERS_H

#include "allocation_round.h"

struct reservation_known_result;

/* What an order needs of the stock: its stocked lines, summed by SKU. */
struct new_order {
    const char *id, *order_id, *number; /* id: of its reservation */
    bool partial, cancelled;            /* cancelled: by another event of the batch */
    struct want *wants;
    size_t want_count;
    const int64_t *granted; /* beside its wants, unless it is cancelled */
};

struct new_orders {
    struct new_order *all;
    size_t count;
    const struct reservation_known_result *known;
    struct allocation_round round;
};

/* The SKUs of all new orders among the events: a JSON list. */
const char *new_orders_skus(struct work *w);

/* Ask for all that must be known before anything is allocated, and lock the levels of these SKUs, which are those of all
 * new orders. */
int new_orders_ask(struct work *w, struct new_orders *n, const char *skus);
/* Once the answers have arrived: gather the orders that have no reservation yet, in order of arrival. */
void new_orders_gather(struct work *w, struct new_orders *n);

#endif
