#include "article.h"

#include "article_queries.h"
#include "consume.h"

int articles_on_products(struct work *w)
{
    return q_articles_learn(w, event_batch(w, NULL));
}
