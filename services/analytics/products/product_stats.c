#include "product_stats.h"

#include <string.h>

#include "calendar.h"
#include "product_stats_queries.h"
#include "report.h"

enum { TOP = 20 };

int products_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *products = events_of(w, events, "catalog.product.");

    (void)zone;
    return products ? q_products_named(w, products) : OK;
}

int analytics_on_catalog_product(struct work *w)
{
    return ingest(w, SHARED, products_apply);
}

int ranking_get(struct work *w)
{
    bool by_units = strcmp(in_str_or(w, "order", "gross"), "units") == 0;
    const char *doc;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_ranking(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), in_str(w, "currency"),
                  home_currency(), in_str(w, "channel"), by_units, in_int_or(w, "limit", TOP), &doc));
    return reply_figures(w, doc);
}
