#include "report.h"

#include <inttypes.h>

#include "config.h"
#include "report_queries.h"
#include "window.h"

const struct field window_fields[] = {{"from", DAY, REQUIRED}, {"to", DAY, REQUIRED}, {0}};

const char *home_currency(void)
{
    return config_text("SHOP_CURRENCY", "GBP");
}

int64_t in_int_or(struct work *w, const char *name, int64_t otherwise)
{
    return in_has(w, name) ? in_int(w, name) : otherwise;
}

const char *in_str_or(struct work *w, const char *name, const char *otherwise)
{
    return in_has(w, name) ? in_str(w, name) : otherwise;
}

int check_query(struct work *w)
{
    w->status = w->error_count ? 400 : 0;
    return failed_if_any(w, "query.invalid", "The query string has faults.");
}

int bad_cursor(struct work *w)
{
    fault_at(w, "?cursor", "query.cursor",
             "The cursor belongs to another query or is damaged: start again without it.");
    return check_query(w);
}

int check_window(struct work *w, int64_t days_max)
{
    int64_t days = days_between(in_str(w, "from"), in_str(w, "to"));

    if (days < 1)
        fault_at(w, "?to", "window.empty",
                 "to must be a later day than from: it is the first day after the window.");
    if (days > days_max)
        fault_at(w, "?to", "window.too_long", "The window may have at most %" PRId64 " days.", days_max);
    return check_query(w);
}

static int rebuilding(struct work *w)
{
    return fail(w, BUSY, "figures.rebuilding",
                "The figures are being rebuilt: GET /v1/rebuild shows the progress.");
}

int check_not_rebuilding(struct work *w)
{
    struct figures_busy_row figures;

    TRY(q_figures_busy(w, &figures));
    return figures.rebuilding ? rebuilding(w) : OK;
}

int reply_figures(struct work *w, const char *doc)
{
    return doc ? reply(w, doc) : rebuilding(w);
}
