#include "product_stats.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "cursor.h"
#include "drilldown.h"
#include "product_stats_queries.h"
#include "report.h"

enum { YEARS_10 = 3660, KEYS = 1000, TOP = 20, ROWS = 100, SLOW_DAYS = 90 };

#define RETURN_CUTS "day|kind|month|product|reason|week"

const struct field ranking_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"order", TEXT, .choices = "gross|units"},
    {"channel", TEXT},
    {"currency", CURRENCY},
    {"limit", INTEGER, OPTIONAL, 1, KEYS},
    {0},
};

const struct field slow_fields[] = {
    {"as_of", DAY, REQUIRED},
    {"days", INTEGER, OPTIONAL, 1, YEARS_10},
    {"most", INTEGER, OPTIONAL, 0, 1000000},
    LISTING,
    {0},
};

const struct field returns_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = RETURN_CUTS},
    {"currency", CURRENCY},
    {"limit", INTEGER, OPTIONAL, 1, KEYS},
    {0},
};

const struct field returns_events_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = RETURN_CUTS},
    {"key", TEXT, OPTIONAL, 1, 500},
    {"currency", CURRENCY},
    LISTING,
    {0},
};

int stock_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *moved = news_of(w, news, "catalog.stock.moved");

    (void)zone;
    return moved ? q_stock_moved(w, moved) : OK;
}

int on_stock(struct work *w)
{
    return intake(w, TOGETHER, stock_apply);
}

static int64_t number_or(struct work *w, const char *name, int64_t otherwise)
{
    return in_has(w, name) ? in_int(w, name) : otherwise;
}

int ranking_get(struct work *w)
{
    bool by_units = in_has(w, "order") && strcmp(in_str(w, "order"), "units") == 0;
    const char *doc;

    TRY(check_window(w, YEARS_10));
    TRY(q_ranking(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), in_str(w, "currency"),
                  home_currency(), in_str(w, "channel"), by_units, number_or(w, "limit", TOP), &doc));
    return reply_figures(w, doc);
}

/* The most that lies there first: a page's cursor is "<on hand> <SKU>". */
static const char *place_of(struct work *w, const struct slow_movers_row *row)
{
    return textf(w, "%" PRId64 " %s", row->on_hand, row->sku);
}

int slow_get(struct work *w)
{
    struct listing list = listing_of(w, "slow", "as_of", "days", "most", NULL);
    struct slow_movers_row *rows;
    size_t n;

    TRY(listing_open(w, &list));
    TRY(q_slow_movers(w, in_str(w, "as_of"), number_or(w, "days", SLOW_DAYS), calendar_zone(),
                      number_or(w, "most", 0), list.after ? strtoll(list.after, NULL, 10) : 0,
                      list.after ? strchr(list.after, ' ') + 1 : NULL, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        listing_add(&list, place_of(w, &rows[i]), rows[i].doc);
    return listing_reply(w, &list);
}

static const char *returns_cut(struct work *w)
{
    return in_has(w, "by") ? in_str(w, "by") : "product";
}

int returns_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEARS_10));
    TRY(q_returns(w, returns_cut(w), in_str(w, "from"), in_str(w, "to"), calendar_zone(),
                  in_str(w, "currency"), home_currency(), number_or(w, "limit", ROWS), &doc));
    return reply_figures(w, doc);
}

int returns_events_get(struct work *w)
{
    struct listing list = listing_of(w, "returns", "from", "to", "by", "key", "currency", NULL);
    struct returns_behind_row *rows;
    size_t n;

    TRY(check_window(w, YEARS_10));
    TRY(listing_open(w, &list));
    TRY(q_returns_behind(w, returns_cut(w), in_str(w, "key"), in_str(w, "from"), in_str(w, "to"),
                         calendar_zone(), in_str(w, "currency"), home_currency(), list.after, list.limit + 1,
                         &rows, &n));
    for (size_t i = 0; i < n; i++)
        listing_add(&list, rows[i].refund_id, rows[i].doc);
    return listing_reply(w, &list);
}
