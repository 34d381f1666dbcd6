#include "backorder.h"

#include "allocation_round.h"
#include "allocation_round_queries.h"
#include "backorder_queries.h"
#include "outbox.h"
#include "reorder_point.h"

enum { PAGE = 1000 };

/* Each row is updated once, however many demands share it. */
static int book(struct work *w, const struct allocation_round *r, struct text *touched)
{
    struct text ids = sql_list(w);
    const char *grants = round_grants(w, r);

    for (size_t i = 0; i < r->grant_count; i++) {
        sql_list_add(&ids, r->ids[r->grants[i].demand]);
        sql_list_add(touched, r->ids[r->grants[i].demand]);
    }
    TRY(q_reservation_lock(w, sql_list_end(&ids)));
    TRY(q_reservation_cells(w, grants));
    TRY(q_reservation_lines(w, grants));
    TRY(q_stock_reserve(w, grants));
    return reorder_point_check(w, round_turned(w, r));
}

/* Serve one page of demands behind an arrival number; *after moves on, and is -1 behind the last page. */
static int serve_page(struct work *w, const char *skus, int64_t *after, struct text *touched)
{
    struct backorder_demands_row *rows;
    struct allocation_round r;
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

static int announce_touched(struct work *w, const char *touched)
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
    struct text touched = sql_list(w);
    int64_t after = skus ? 0 : -1;

    while (after >= 0)
        TRY(serve_page(w, skus, &after, &touched));
    return sql_list_empty(&touched) ? OK : announce_touched(w, sql_list_end(&touched));
}
