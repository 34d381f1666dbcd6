#include "stock_stats.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "drilldown.h"
#include "report.h"
#include "stock_stats_queries.h"

enum { SLOW_DAYS = 90 };

int stock_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *moved = events_of(w, events, "catalog.stock.moved");

    (void)zone;
    return moved ? q_stock_moved(w, moved) : OK;
}

int analytics_on_catalog_stock(struct work *w)
{
    return ingest(w, SHARED, stock_apply);
}

/* The largest stock comes first: a page's cursor is "<on hand> <SKU>". */
static const char *key_of(struct work *w, const struct slow_movers_row *row)
{
    return textf(w, "%" PRId64 " %s", row->on_hand, row->sku);
}

int slow_get(struct work *w)
{
    struct drilldown list = drilldown_of(w, "slow", "as_of", "days", "most", NULL);
    struct slow_movers_row *rows;
    size_t n;

    TRY(drilldown_open(w, &list));
    TRY(q_slow_movers(w, in_str(w, "as_of"), in_int_or(w, "days", SLOW_DAYS), calendar_zone(),
                      in_int_or(w, "most", 0), list.after ? strtoll(list.after, NULL, 10) : 0,
                      list.after ? strchr(list.after, ' ') + 1 : NULL, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        drilldown_add(&list, key_of(w, &rows[i]), rows[i].doc);
    return drilldown_reply(w, &list);
}
