#include "rfm.h"

#include "calendar.h"
#include "drilldown.h"
#include "report.h"
#include "rfm_queries.h"

enum { DAYS = 365 };

int rfm_get(struct work *w)
{
    const char *doc;

    TRY(q_rfm_figures(w, in_str(w, "as_of"), in_int_or(w, "days", DAYS), calendar_zone(),
                      in_str(w, "currency"), home_currency(), &doc));
    return reply_figures(w, doc);
}

int rfm_customers_get(struct work *w)
{
    struct drilldown list = drilldown_of(w, "rfm", "as_of", "days", "currency", "segment", NULL);
    struct rfm_customers_row *rows;
    size_t n;

    TRY(drilldown_open(w, &list));
    TRY(q_rfm_customers(w, in_str(w, "as_of"), in_int_or(w, "days", DAYS), calendar_zone(),
                        in_str(w, "currency"), home_currency(), in_str(w, "segment"), list.after,
                        list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        drilldown_add(&list, rows[i].customer, rows[i].doc);
    return drilldown_reply(w, &list);
}
