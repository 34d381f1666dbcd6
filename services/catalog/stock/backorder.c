#include "backorder.h"

#include "allocation_round.h"
#include "outbox.h"
#include "reorder_point.h"
#include "reservation_queries.h"

enum { PAGE = 1000 };

/* An array of uuid that grows: "{a,b" */
static void add_ids(struct text *ids, const char *more)
{
    text_add(ids, ids->length > 1 ? "," : "");
    text_add(ids, more);
}

/* Rows are updated once each, however many demands share them. */
static int book(struct work *w, const struct round *r, struct text *touched)
{
    struct text ids = text_new(w->arena);
    const char *grants = round_grants(w, r);

    text_add(&ids, "{");
    for (size_t i = 0; i < r->grant_count; i++)
        add_ids(&ids, r->ids[r->grants[i].demand]);
    add_ids(touched, ids.bytes + 1);
    text_add(&ids, "}");
    TRY(q_reservation_lock(w, ids.bytes));
    TRY(q_reservation_cells(w, grants));
    TRY(q_reservation_lines(w, grants));
    TRY(q_stock_reserve(w, grants));
    return level_watch(w, round_turned(w, r));
}

/* One page of demands behind a place in the line; *after moves on, and is -1 behind the last page. */
static int serve_page(struct work *w, const char *skus, int64_t *after, struct text *touched)
{
    struct backorder_demands_row *rows;
    struct round r;
    size_t n;

    TRY(q_backorder_demands(w, skus, *after, PAGE, &rows, &n));
    round_begin(w, &r, n);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || rows[i].arrived != rows[i - 1].arrived)
            round_demand(&r, rows[i].id, rows[i].allow_partial);
        round_want(&r, rows[i].sku, rows[i].missing);
    }
    *after = r.demand_count < PAGE ? -1 : rows[n - 1].arrived;
    if (!n)
        return OK;
    TRY(round_ask(w, &r, round_skus(w, &r)));
    TRY(sql_sync(w));
    round_allocate(w, &r);
    return r.grant_count ? book(w, &r, touched) : OK;
}

static int tell(struct work *w, const char *touched)
{
    struct reservation_settle_row *rows;
    size_t n;

    TRY(q_reservation_settle(w, touched, &rows, &n));
    for (size_t i = 0; i < n; i++)
        TRY(announce_all(w, textf(w, "catalog.reservation.%s", rows[i].status), "reservation", rows[i].ids));
    return OK;
}

int backorder_serve(struct work *w, const char *skus)
{
    struct text touched = text_new(w->arena);
    int64_t after = skus ? 0 : -1;

    text_add(&touched, "{");
    while (after >= 0)
        TRY(serve_page(w, skus, &after, &touched));
    text_add(&touched, "}");
    return touched.length > 2 ? tell(w, touched.bytes) : OK;
}
