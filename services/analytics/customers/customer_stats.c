#include "customer_stats.h"

#include "calendar.h"
#include "customer_stats_queries.h"
#include "drilldown.h"
#include "report.h"

int customer_figures_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_customer_figures(w, in_str_or(w, "by", "day"), in_str(w, "from"), in_str(w, "to"), calendar_zone(),
                           &doc));
    return reply_figures(w, doc);
}

int customers_get(struct work *w)
{
    struct drilldown list = drilldown_of(w, "customers", "from", "to", "kind", NULL);
    struct customers_behind_row *rows;
    size_t n;

    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(drilldown_open(w, &list));
    TRY(q_customers_behind(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), in_str(w, "kind"),
                           list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        drilldown_add(&list, rows[i].customer, rows[i].doc);
    return drilldown_reply(w, &list);
}
