/* New orders, as the events of a batch tell them, and what each wants of the stock. */
#ifndef BACKROOM_ARRIVAL_H
#define BACKROOM_ARRIVAL_H

#include "allocation_round.h"

struct reservation_known_result;

/* What an order wants of the stock: its stocked lines, summed by SKU. */
struct arrival {
    const char *id, *order_id, *number; /* id: of its reservation */
    bool partial, gone;                 /* gone: cancelled meanwhile */
    struct want *wants;
    size_t want_count;
    const int64_t *granted; /* beside its wants, unless it is gone */
};

struct arrivals {
    struct arrival *all;
    size_t count;
    const struct reservation_known_result *known;
    struct round round;
};

/* Of the events at hand: the SKUs of all new orders, a JSON list. */
const char *arrivals_skus(struct work *w);

/* Ask all that is to be known before anything is given out; the levels of these SKUs, which are those of all, are locked
 * with it. */
int arrivals_ask(struct work *w, struct arrivals *a, const char *skus);
/* Those orders that are applied and have no reservation yet, in order of arrival, once the answers are there. */
void arrivals_gather(struct work *w, struct arrivals *a);

#endif
