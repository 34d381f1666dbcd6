#include "report.h"

#include <inttypes.h>

#include "archive_queries.h"
#include "calendar.h"
#include "config.h"
#include "report_queries.h"
#include "response.h"
#include "window.h"

enum { YEARS_10 = 3660, YEAR = 366 };

const struct field stages_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {0},
};

const struct field parcels_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = "carrier|day|warehouse"},
    {0},
};

const struct field service_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {0},
};

const char *home_currency(void)
{
    return config_text("SHOP_CURRENCY", "GBP");
}

int bad_query(struct work *w)
{
    w->status = w->error_count ? 400 : 0;
    return failed_if_any(w, "query.invalid", "The query string has faults.");
}

int check_window(struct work *w, int64_t days_max)
{
    int64_t days = days_between(in_str(w, "from"), in_str(w, "to"));

    if (days < 1)
        fault_at(w, "?to", "window.empty",
                 "to must be a later day than from: it is the first day that does not count.");
    if (days > days_max)
        fault_at(w, "?to", "window.too_long", "This window may have at most %" PRId64 " days.", days_max);
    return bad_query(w);
}

static int not_ready(struct work *w)
{
    return fail(w, BUSY, "figures.rebuilding",
                "The figures are being made anew: GET /v1/rebuild tells how far it is.");
}

int check_ready(struct work *w)
{
    struct figures_busy_row figures;

    TRY(q_figures_busy(w, &figures));
    return figures.rebuilding ? not_ready(w) : OK;
}

int reply_figures(struct work *w, const char *doc)
{
    return doc ? reply(w, doc) : not_ready(w);
}

int stages_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEAR));
    TRY(q_stages(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}

int parcels_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEARS_10));
    TRY(q_parcels(w, in_has(w, "by") ? in_str(w, "by") : "day", in_str(w, "from"), in_str(w, "to"),
                  calendar_zone(), &doc));
    return reply_figures(w, doc);
}

int service_get(struct work *w)
{
    const char *doc;

    TRY(check_window(w, YEAR));
    TRY(q_service_figures(w, in_str(w, "from"), in_str(w, "to"), calendar_zone(), &doc));
    return reply_figures(w, doc);
}
