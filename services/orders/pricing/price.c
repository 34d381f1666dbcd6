#include "price.h"

#include "consume.h"
#include "price_queries.h"

int orders_on_catalog_product(struct work *w)
{
    return q_prices_learn(w, event_batch(w, NULL));
}
