#include "sales_stats.h"

#include "calendar.h"
#include "consume.h"
#include "cursor.h"
#include "report.h"
#include "report_queries.h"
#include "sales_stats_queries.h"
#include "window.h"

enum { KEYS = 1000, PAGE = 50, PAGE_MAX = 250 };

#define CUTS "day|hour|week|month|channel|country|product|customer"

/* --- what comes in --------------------------------------------------------------------------------------------- */

/* After all sums, so that everybody locks sums first and customers then. */
static int customers_follow(struct work *w, const char *placed, const char *cancelled, const char *zone)
{
    if (placed) {
        TRY(q_customers_seen(w, placed));
        TRY(q_cohorts_follow(w, placed, zone));
    }
    if (cancelled) {
        TRY(q_customers_lock(w, cancelled));
        TRY(q_customers_anew(w, cancelled));
        TRY(q_cohorts_follow(w, cancelled, zone));
    }
    return q_cohorts_sweep(w);
}

/* The documents go to PostgreSQL once; after that it is enough to say which orders. Steps before cancellations: an order
 * that is void still tells when it was cancelled. */
int orders_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *placed = event_subjects(w, news, "orders.order.placed");
    const char *cancelled = event_subjects(w, news, "orders.order.cancelled");

    if (placed)
        TRY(q_orders_placed(w, news_of(w, news, "orders.order.placed"), zone));
    TRY(q_orders_stepped(w, heads_of(w, news)));
    if (placed)
        TRY(q_refunds_count(w, zone));
    if (cancelled) {
        TRY(q_orders_void(w, news_of(w, news, "orders.order.cancelled"), zone));
        TRY(q_buyers_anew(w, cancelled, zone));
        TRY(q_sums_sweep(w, cancelled, zone));
    }
    return customers_follow(w, placed, cancelled, zone);
}

int refunds_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *paid = news_of(w, news, "orders.refund.paid");

    if (!paid)
        return OK;
    TRY(q_refunds_paid(w, paid, zone));
    return q_refunds_count(w, zone);
}

int products_apply(struct work *w, const json_t *news, const char *zone)
{
    const char *said = news_of(w, news, "catalog.product.");

    (void)zone;
    return said ? q_products_named(w, said) : OK;
}

int on_orders(struct work *w)
{
    return intake(w, TOGETHER, orders_apply);
}

/* Alone, because a refund and its order may come at the same time, and each must see the other. */
int on_refunds(struct work *w)
{
    return intake(w, ALONE, refunds_apply);
}

int on_products(struct work *w)
{
    return intake(w, TOGETHER, products_apply);
}

/* --- what is asked --------------------------------------------------------------------------------------------- */

const struct field sales_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = CUTS},
    {"channel", TEXT},
    {"currency", CURRENCY},
    {"compare", TEXT, .choices = "previous"},
    {"limit", INTEGER, OPTIONAL, 1, KEYS},
    {0},
};

const struct field sales_events_fields[] = {
    {"from", DAY, REQUIRED},
    {"to", DAY, REQUIRED},
    {"by", TEXT, .choices = CUTS},
    {"key", TEXT},
    {"channel", TEXT},
    {"currency", CURRENCY},
    {"limit", INTEGER, OPTIONAL, 1, PAGE_MAX},
    {"cursor", TEXT, OPTIONAL, 1, 2000},
    {0},
};

static const struct cut *cut_asked(struct work *w)
{
    return cut_named(in_has(w, "by") ? in_str(w, "by") : "day");
}

static int sales_of(struct work *w, const struct cut *cut, const char **figures)
{
    bool many = cut->dimension[0] != 'a';
    int64_t count = in_has(w, "limit") ? in_int(w, "limit") : many ? 100 : INT32_MAX;

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
    const struct cut *cut = cut_asked(w);
    const char *figures;

    TRY(check_window(w, cut->days_max));
    TRY(sales_of(w, cut, &figures));
    return reply_figures(w, figures);
}

/* What a cursor belongs to: all that chooses the rows. */
static const char *same_query(struct work *w, const struct cut *cut)
{
    const char *names[] = {"from", "to", "key", "channel", "currency"};
    struct text t = text_new(w->arena);

    text_add(&t, cut->name);
    for (size_t i = 0; i < COUNT(names); i++)
        text_addf(&t, "&%s", in_has(w, names[i]) ? in_str(w, names[i]) : "");
    return t.bytes;
}

static int check_key(struct work *w, const struct cut *cut)
{
    if (in_has(w, "key") && !key_fits(cut->name, in_str(w, "key")))
        fault_at(w, "?key", "query.format", "By %s there is no such key.", cut->name);
    return check_window(w, cut->days_max);
}

static int read_cursor(struct work *w, const char *query, const char **at, const char **id)
{
    if (!in_has(w, "cursor") || cursor_read(w, query, in_str(w, "cursor"), at, id))
        return OK;
    fault_at(w, "?cursor", "query.cursor",
             "This cursor belongs to another query or is damaged: start again without.");
    return bad_query(w);
}

int sales_events_get(struct work *w)
{
    const struct cut *cut = cut_asked(w);
    const char *query = same_query(w, cut), *at = NULL, *id = NULL, *next = NULL;
    int64_t limit = in_has(w, "limit") ? in_int(w, "limit") : PAGE;
    struct text out = text_new(w->arena);
    struct sales_events_row *rows;
    size_t n;

    TRY(check_key(w, cut));
    TRY(check_ready(w));
    TRY(read_cursor(w, query, &at, &id));
    TRY(q_sales_events(w, cut->name, in_str(w, "key"), in_str(w, "from"), in_str(w, "to"), calendar_zone(),
                       in_str(w, "currency"), home_currency(), in_str(w, "channel"), at, id, limit + 1, &rows,
                       &n));
    if (n > (size_t)limit) {
        n = (size_t)limit;
        next = cursor_make(w, query, rows[n - 1].at, rows[n - 1].event_id);
    }
    text_add(&out, "{\"data\":[");
    for (size_t i = 0; i < n; i++)
        text_addf(&out, "%s%s", i ? "," : "", rows[i].doc);
    text_add(&out, "],\"next_cursor\":");
    text_add_json(&out, next);
    text_add(&out, "}");
    return reply(w, out.bytes);
}
