#include "customer_stats.h"

#include <string.h>

#include "calendar.h"
#include "customer_stats_queries.h"
#include "drilldown.h"
#include "report.h"
#include "window.h"

enum { YEARS_10 = 3660, YEAR = 365 };

#define SEGMENTS "at_risk|champions|lost|loyal|promising|steady"

const struct field customer_figures_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = "day|month|week"},
    {0},
};

const struct field customers_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"kind", TEXT, .choices = "new|repeating|returning"},
    LISTING,
    {0},
};

const struct field cohorts_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {0},
};

const struct field cohort_customers_fields[] = {
    {"cohort", TEXT, REQUIRED},
    {"month", TEXT, REQUIRED},
    LISTING,
    {0},
};

const struct field rfm_fields[] = {
    {"as_of", DAY, REQUIRED},
    {"days", INTEGER, OPTIONAL, 1, YEARS_10},
    {"currency", CURRENCY},
    {0},
};

const struct field rfm_customers_fields[] = {
    {"as_of", DAY, REQUIRED},
    {"days", INTEGER, OPTIONAL, 1, YEARS_10},
    {"currency", CURRENCY},
    {"segment", TEXT, .choices = SEGMENTS},
    LISTING,
    {0},
};

int customer_figures_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEARS_10));
    TRY(q_customer_figures(w, in_has(w, "by") ? in_str(w, "by") : "day", in_str(w, "from"), in_str(w, "to"),
                           calendar_zone(), &doc));
    return reply_figures(w, doc);
}

int customers_get(struct work *w)
{
    struct listing list = listing_of(w, "customers", "from", "to", "kind", NULL);
    struct customers_behind_row *rows;
    size_t n;

    TRY(check_window(w, YEARS_10));
    TRY(listing_open(w, &list));
    TRY(q_customers_behind(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), in_str(w, "kind"),
                           list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        listing_add(&list, rows[i].customer, rows[i].doc);
    return listing_reply(w, &list);
}

/* A cohort is a whole month: half of one would change with the day that is asked. */
static void check_month_begins(struct work *w, const char *name, const char *pointer)
{
    if (strcmp(in_str(w, name) + 7, "-01") != 0)
        fault_at(w, pointer, "window.months", "Cohorts are of whole months: give the first day of one.");
}

int cohorts_get(struct work *w)
{
    const char *doc;

    check_month_begins(w, "from", "?from");
    check_month_begins(w, "to", "?to");
    TRY(check_window(w, YEARS_10));
    TRY(q_cohorts(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}

static const char *month_asked(struct work *w, const char *name, const char *pointer)
{
    if (!key_fits("month", in_str(w, name)))
        fault_at(w, pointer, "query.format", "A month looks like 2011-03.");
    return textf(w, "%s-01", in_str(w, name));
}

int cohort_customers_get(struct work *w)
{
    struct listing list = listing_of(w, "cohort", "cohort", "month", NULL);
    const char *cohort = month_asked(w, "cohort", "?cohort"), *month = month_asked(w, "month", "?month");
    struct cohort_customers_row *rows;
    size_t n;

    TRY(bad_query(w));
    TRY(listing_open(w, &list));
    TRY(q_cohort_customers(w, cohort, month, calendar_zone(), list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        listing_add(&list, rows[i].customer, rows[i].doc);
    return listing_reply(w, &list);
}

static int64_t days_asked(struct work *w)
{
    return in_has(w, "days") ? in_int(w, "days") : YEAR;
}

int rfm_get(struct work *w)
{
    const char *doc;

    TRY(q_rfm_figures(w, in_str(w, "as_of"), days_asked(w), calendar_zone(), in_str(w, "currency"),
                      home_currency(), &doc));
    return reply_figures(w, doc);
}

int rfm_customers_get(struct work *w)
{
    struct listing list = listing_of(w, "rfm", "as_of", "days", "currency", "segment", NULL);
    struct rfm_customers_row *rows;
    size_t n;

    TRY(listing_open(w, &list));
    TRY(q_rfm_customers(w, in_str(w, "as_of"), days_asked(w), calendar_zone(), in_str(w, "currency"),
                        home_currency(), in_str(w, "segment"), list.after, list.limit + 1, &rows, &n));
    for (size_t i = 0; i < n; i++)
        listing_add(&list, rows[i].customer, rows[i].doc);
    return listing_reply(w, &list);
}
