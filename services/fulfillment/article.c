#include "article.h"

#include "consume.h"
#include "fulfillment_queries.h"

int articles_on_products(struct work *w)
{
    return q_articles_learn(w, event_batch(w, NULL));
}
