#include "article.h"

#include "article_queries.h"
#include "consume.h"

int fulfillment_on_catalog_product(struct work *w)
{
    return q_articles_learn(w, event_batch(w, NULL));
}
