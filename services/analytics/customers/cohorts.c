#include "cohorts.h"

#include <string.h>

#include "calendar.h"
#include "cohorts_queries.h"
#include "drilldown.h"
#include "report.h"
#include "window.h"

/* A cohort is a whole month: half of one would change with the day that is asked for. */
static void check_month_begins(struct work *w, const char *name, const char *pointer)
{
    if (strcmp(in_str(w, name) + 7, "-01") != 0)
        fault_at(w, pointer, "window.months", "Cohorts are whole months: %s must be the first day of one.",
                 name);
}

int cohorts_get(struct work *w)
{
    const char *doc;

    check_month_begins(w, "from", "?from");
    check_month_begins(w, "to", "?to");
    TRY(check_window(w, TEN_YEARS_DAYS));
    TRY(q_cohorts(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}

static const char *first_day(struct work *w, const char *name, const char *pointer)
{
    if (!key_fits("month", in_str(w, name)))
        fault_at(w, pointer, "query.format", "A month must have the format 2011-03.");
    return textf(w, "%s-01", in_str(w, name));
}

int cohort_customers_get(struct work *w)
{
    struct drilldown list = drilldown_of(w, "cohort", "cohort", "month", NULL);
    const char *cohort = first_day(w, "cohort", "?cohort"), *month = first_day(w, "month", "?month");
    struct cohort_customers_row *rows;
    size_t n;

    TRY(check_query(w));
    TRY(drilldown_open(w, &list));
    TRY(q_cohort_customers(w, cohort, month, calendar_zone(), list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        drilldown_add(&list, rows[i].customer, rows[i].doc);
    return drilldown_reply(w, &list);
}
