#include "returns.h"

#include "calendar.h"
#include "drilldown.h"
#include "report.h"
#include "returns_queries.h"

enum { ROWS = 100 };

static const char *cut_of(struct work *w)
{
    return in_str_or(w, "by", "product");
}

int returns_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_returns(w, cut_of(w), in_str(w, "from"), in_str(w, "to"), calendar_zone(), in_str(w, "currency"),
                  home_currency(), in_int_or(w, "limit", ROWS), &doc));
    return reply_figures(w, doc);
}

int returns_events_get(struct work *w)
{
    struct drilldown list = drilldown_of(w, "returns", "from", "to", "by", "key", "currency", NULL);
    struct returns_behind_row *rows;
    size_t n;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(drilldown_open(w, &list));
    TRY(q_returns_behind(w, cut_of(w), in_str(w, "key"), in_str(w, "from"), in_str(w, "to"), calendar_zone(),
                         in_str(w, "currency"), home_currency(), list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        drilldown_add(&list, rows[i].refund_id, rows[i].doc);
    return drilldown_reply(w, &list);
}
