#include "reservation.h"

#include <inttypes.h>
#include <string.h>

#include "allocation.h"
#include "catalog_queries.h"
#include "consume.h"
#include "event.h"
#include "level.h"

enum { PAGE = 1000 };

/* --- one page: from rows to demands, from grants to JSON --------------------------------------------------- */

struct page {
    struct reservation_demands_row *rows; /* those of one demand side by side, in order of arrival */
    size_t row_count;
    struct want *wants; /* one a row */
    struct demand *demands;
    size_t demand_count;
    struct cell *cells;
    size_t cell_count;
    struct grant *grants;
    size_t grant_count;
};

static bool begins_demand(const struct page *p, size_t row)
{
    return row == 0 || p->rows[row].arrived != p->rows[row - 1].arrived;
}

static void read_demands(struct work *w, struct page *p)
{
    p->wants = arena_alloc(w->arena, (p->row_count + 1) * sizeof *p->wants);
    p->demands = arena_alloc(w->arena, (p->row_count + 1) * sizeof *p->demands);
    for (size_t i = 0; i < p->row_count; i++) {
        p->wants[i] = (struct want){p->rows[i].sku, p->rows[i].missing};
        if (begins_demand(p, i))
            p->demands[p->demand_count++] = (struct demand){&p->wants[i], 0, p->rows[i].allow_partial};
        p->demands[p->demand_count - 1].count++;
    }
}

static const char *skus_of(struct work *w, const struct page *p)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < p->row_count; i++) {
        text_add(&t, i ? "," : "[");
        text_add_json(&t, p->rows[i].sku);
    }
    text_add(&t, "]");
    return t.bytes;
}

static int read_cells(struct work *w, struct page *p)
{
    struct stock_free_row *rows;

    TRY(q_stock_free(w, skus_of(w, p), &rows, &p->cell_count));
    p->cells = arena_alloc(w->arena, (p->cell_count + 1) * sizeof *p->cells);
    for (size_t i = 0; i < p->cell_count; i++)
        p->cells[i] = (struct cell){rows[i].sku, rows[i].warehouse, rows[i].available};
    return OK;
}

/* The row of a grant: where its demand begins, plus its want. */
static const struct reservation_demands_row *row_of(const struct page *p, const struct grant *g)
{
    return &p->rows[(size_t)(p->demands[g->demand].wants - p->wants) + g->want];
}

static const char *grants_json(struct work *w, const struct page *p)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < p->grant_count; i++) {
        const struct cell *c = &p->cells[p->grants[i].cell];

        text_addf(&t, "%s{\"id\":\"%s\",\"sku\":", i ? "," : "[", row_of(p, &p->grants[i])->id);
        text_add_json(&t, c->sku);
        text_add(&t, ",\"warehouse\":");
        text_add_json(&t, c->warehouse);
        text_addf(&t, ",\"quantity\":%" PRId64 "}", p->grants[i].quantity);
    }
    text_add(&t, "]");
    return t.bytes;
}

/* An array of uuid that grows: "{a,b" */
static void add_ids(struct text *ids, const char *more)
{
    text_add(ids, ids->length > 1 ? "," : "");
    text_add(ids, more);
}

/* --- serving ------------------------------------------------------------------------------------------------ */

/* Rows are updated once each, however many demands share them. */
static int book(struct work *w, const struct page *p, struct text *touched)
{
    struct text ids = text_new(w->arena);
    const char *grants = grants_json(w, p);

    text_add(&ids, "{");
    for (size_t i = 0; i < p->grant_count; i++)
        add_ids(&ids, row_of(p, &p->grants[i])->id);
    add_ids(touched, ids.bytes + 1);
    text_add(&ids, "}");
    TRY(q_reservation_lock(w, ids.bytes));
    TRY(q_reservation_cells(w, grants));
    TRY(q_reservation_lines(w, grants));
    TRY(q_stock_reserve(w, grants));
    return level_watch(w, skus_of(w, p));
}

/* One page of demands behind a place in the line; *after moves on, and is -1 behind the last page. */
static int serve_page(struct work *w, const char *fresh, const char *freed, int64_t *after,
                      struct text *touched)
{
    struct page p = {0};

    TRY(q_reservation_demands(w, fresh, freed, *after, PAGE, &p.rows, &p.row_count));
    read_demands(w, &p);
    *after = p.demand_count < PAGE ? -1 : p.rows[p.row_count - 1].arrived;
    if (!p.row_count)
        return OK;
    TRY(read_cells(w, &p));
    p.grants = arena_alloc(w->arena, (p.row_count + p.cell_count) * sizeof *p.grants);
    p.grant_count = allocate(p.cells, p.cell_count, p.demands, p.demand_count, p.grants);
    return p.grant_count ? book(w, &p, touched) : OK;
}

static int tell(struct work *w, const char *touched)
{
    struct reservation_settle_row *rows;
    size_t n;

    TRY(q_reservation_settle(w, touched, &rows, &n));
    for (size_t i = 0; i < n; i++) {
        const char *type = textf(w, "catalog.reservation.%s", rows[i].status);

        TRY(rows[i].fresh ? announce_new(w, type, "reservation", rows[i].ids)
                          : announce_all(w, type, "reservation", rows[i].ids));
    }
    return OK;
}

int reservation_serve(struct work *w, const char *fresh, const char *freed)
{
    struct text touched = text_new(w->arena);
    int64_t after = 0;

    text_add(&touched, "{");
    if (fresh)
        text_add_bytes(&touched, fresh + 1, strlen(fresh) - 2);
    while (after >= 0)
        TRY(serve_page(w, fresh, freed, &after, &touched));
    text_add(&touched, "}");
    return touched.length > 2 ? tell(w, touched.bytes) : OK;
}

/* --- news of orders ------------------------------------------------------------------------------------------- */

static int release(struct work *w, const char *cancelled)
{
    struct reservation_release_row gone;

    TRY(q_reservation_release(w, cancelled, &gone));
    TRY(announce_all(w, "catalog.reservation.released", "reservation", gone.ids));
    return announce_new(w, "catalog.reservation.released", "reservation", gone.new_ids);
}

/*
 * Only what is new and what was set free is looked at: between transactions nobody waits whom the stock could serve,
 * because whoever adds to it serves the line at once. Cancelled before anything is given out: an order that came and
 * went in one batch holds nothing.
 */
int on_orders(struct work *w)
{
    const char *placed = event_batch(w, "orders.order.placed");
    const char *cancelled = event_batch(w, "orders.order.cancelled");
    struct reservation_place_row new = {0};
    struct reservation_freed_row freed = {0};

    if (!placed && !cancelled)
        return OK;
    TRY(q_allocation_alone(w));
    if (placed)
        TRY(q_reservation_place(w, placed, &new));
    if (cancelled)
        TRY(q_reservation_freed(w, cancelled, &freed));
    TRY(q_stock_lock(w, new.skus, freed.skus));
    if (cancelled)
        TRY(release(w, cancelled));
    TRY(reservation_serve(w, new.ids, freed.skus));
    return level_watch(w, freed.skus);
}
