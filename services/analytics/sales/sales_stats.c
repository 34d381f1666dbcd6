#include "sales_stats.h"

#include "calendar.h"
#include "cursor.h"
#include "page.h"
#include "report.h"
#include "sales_stats_queries.h"
#include "window.h"

enum { KEYS = 100, PAGE = 50 };

static const struct cut *cut_of(struct work *w)
{
    return cut_named(in_str_or(w, "by", "day"));
}

static int read_figures(struct work *w, const struct cut *cut, const char **figures)
{
    bool many = cut->dimension[0] != 'a';
    int64_t count = in_int_or(w, "limit", many ? KEYS : INT32_MAX);

    if (cut->over_time)
        return q_sales_over_time(w, cut->name, cut->grain, in_str(w, "from"), in_str(w, "to"),
                                 calendar_zone(), in_str(w, "currency"), home_currency(),
                                 in_str(w, "channel"), count, in_has(w, "compare"), figures);
    return q_sales_by_key(w, cut->name, cut->dimension, cut->months, in_str(w, "from"), in_str(w, "to"),
                          calendar_zone(), in_str(w, "currency"), home_currency(), in_str(w, "channel"),
                          count, in_has(w, "compare"), figures);
}

int sales_get(struct work *w)
{
    const struct cut *cut = cut_of(w);
    const char *figures;

    TRY(check_window(w, cut->days_max));
    TRY(read_figures(w, cut, &figures));
    return reply_figures(w, figures);
}

/* --- the events behind a figure ---------------------------------------------------------------------- */

/* What a cursor belongs to: all that chooses the rows. */
static const char *query_of(struct work *w, const struct cut *cut)
{
    static const char *const names[] = {"from", "to", "key", "channel", "currency"};
    struct text t = text_new(w->arena);

    text_add(&t, cut->name);
    for (size_t i = 0; i < COUNT(names); i++)
        text_addf(&t, "&%s", in_str_or(w, names[i], ""));
    return t.bytes;
}

static int check_key(struct work *w, const struct cut *cut)
{
    if (in_has(w, "key") && !key_fits(cut->name, in_str(w, "key")))
        fault_at(w, "?key", "query.format", "This key does not exist in sales by %s.", cut->name);
    return check_window(w, cut->days_max);
}

static int read_cursor(struct work *w, const char *query, const char **at, const char **id)
{
    if (!in_has(w, "cursor") || cursor_read(w, query, in_str(w, "cursor"), at, id))
        return OK;
    return bad_cursor(w);
}

int sales_events_get(struct work *w)
{
    const struct cut *cut = cut_of(w);
    const char *query = query_of(w, cut), *at = NULL, *id = NULL, *next = NULL;
    int64_t limit = in_int_or(w, "limit", PAGE);
    struct text page = page_begin(w);
    struct sales_events_row *rows;
    size_t n;

    TRY(check_key(w, cut));
    TRY(check_not_rebuilding(w));
    TRY(read_cursor(w, query, &at, &id));
    TRY(q_sales_events(w, cut->name, in_str(w, "key"), in_str(w, "from"), in_str(w, "to"), calendar_zone(),
                       in_str(w, "currency"), home_currency(), in_str(w, "channel"), at, id, limit + 1, &rows,
                       &n));
    if (n > (size_t)limit) {
        n = (size_t)limit;
        next = cursor_make(w, query, rows[n - 1].at, rows[n - 1].event_id);
    }
    for (size_t i = 0; i < n; i++)
        page_add(&page, rows[i].doc);
    return page_reply(w, &page, next);
}
