#include "reservation.h"

#include <inttypes.h>
#include <string.h>

#include "backorder.h"
#include "catalog_queries.h"
#include "consume.h"
#include "event.h"
#include "level.h"
#include "round.h"

/* --- orders that came in ---------------------------------------------------------------------------------------- */

/* Wants of stock come as rows, those of one order side by side; an order that wants none has one row without a SKU. */
struct arrivals {
    struct reservation_wanted_row *rows;
    size_t count;
};

static bool begins(const struct arrivals *a, size_t i)
{
    return i == 0 || strcmp(a->rows[i].order_id, a->rows[i - 1].order_id) != 0;
}

static void gather(struct work *w, const struct arrivals *a, struct round *r)
{
    round_begin(w, r, a->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct reservation_wanted_row *row = &a->rows[i];

        if (!row->sku || row->gone)
            continue;
        if (begins(a, i))
            round_demand(r, row->order_id, row->allow_partial);
        round_want(r, row->sku, row->quantity);
    }
}

/* The rows' lines, with what each got: [{"order_id","sku","quantity","reserved"}]. */
static const char *lines_of(struct work *w, const struct arrivals *a, const struct round *r)
{
    struct text t = text_new(w->arena);
    const int64_t *granted = r->granted;

    text_add(&t, "[");
    for (size_t i = 0; i < a->count; i++) {
        const struct reservation_wanted_row *row = &a->rows[i];

        if (!row->sku)
            continue;
        text_addf(&t, "%s{\"order_id\":\"%s\",\"sku\":", t.length > 1 ? "," : "", row->order_id);
        text_add_json(&t, row->sku);
        text_addf(&t, ",\"quantity\":%" PRId64 ",\"reserved\":%" PRId64 "}", row->quantity,
                  row->gone ? 0 : *granted++);
    }
    text_add(&t, "]");
    return t.bytes;
}

/* Of the order whose rows begin here; *granted moves on behind its wants. */
static const char *outcome(const struct arrivals *a, size_t first, const int64_t **granted)
{
    bool all = true, some = false;

    if (a->rows[first].gone)
        return "released";
    for (size_t i = first; i < a->count && (i == first || !begins(a, i)) && a->rows[i].sku; i++) {
        all &= **granted == a->rows[i].quantity;
        some |= *(*granted)++ > 0;
    }
    return all ? "held" : some ? "partial" : "short";
}

/* The reservations: [{"order_id","number","allow_partial","status"}]. */
static const char *heads_of(struct work *w, const struct arrivals *a, const struct round *r)
{
    struct text t = text_new(w->arena);
    const int64_t *granted = r->granted;

    text_add(&t, "[");
    for (size_t i = 0; i < a->count; i++) {
        const struct reservation_wanted_row *row = &a->rows[i];

        if (!begins(a, i))
            continue;
        text_addf(&t, "%s{\"order_id\":\"%s\",\"number\":", t.length > 1 ? "," : "", row->order_id);
        text_add_json(&t, row->number);
        text_addf(&t, ",\"allow_partial\":%s,\"status\":\"%s\"}", row->allow_partial ? "true" : "false",
                  outcome(a, i, &granted));
    }
    text_add(&t, "]");
    return t.bytes;
}

/* In order of arrival, and written once: a reservation comes into being with what it got. */
static int place(struct work *w, const struct arrivals *a, struct round *r)
{
    struct reservation_place_row made;
    const char *grants;

    if (!a->count)
        return OK;
    TRY(round_allocate(w, r));
    grants = round_grants(w, r);
    TRY(q_reservation_place(w, heads_of(w, a, r), lines_of(w, a, r), grants, &made));
    if (r->grant_count)
        TRY(q_stock_reserve(w, grants));
    TRY(announce_new(w, "catalog.reservation.held", "reservation", made.held));
    TRY(announce_new(w, "catalog.reservation.partial", "reservation", made.partly));
    TRY(announce_new(w, "catalog.reservation.short", "reservation", made.lacking));
    TRY(announce_new(w, "catalog.reservation.released", "reservation", made.released));
    return level_watch(w, round_skus(w, r));
}

/* --- orders that were cancelled --------------------------------------------------------------------------------- */

static int release(struct work *w, const char *cancelled)
{
    struct reservation_release_row gone;

    TRY(q_reservation_release(w, cancelled, &gone));
    return announce_all(w, "catalog.reservation.released", "reservation", gone.ids);
}

/* --- news of orders --------------------------------------------------------------------------------------------- */

/*
 * Only what is new and what was set free is looked at: between transactions nobody waits whom the stock could serve,
 * because whoever adds to it serves the line at once. Cancelled before anything is given out: an order that came and
 * went in one batch holds nothing. Whoever waits came before the new ones.
 */
int on_orders(struct work *w)
{
    const char *placed = event_batch(w, "orders.order.placed");
    const char *cancelled = event_batch(w, "orders.order.cancelled");
    struct reservation_freed_row freed = {0};
    struct arrivals new = {0};
    struct round round;

    if (!placed && !cancelled)
        return OK;
    TRY(q_allocation_alone(w));
    if (placed)
        TRY(q_reservation_wanted(w, placed, cancelled, &new.rows, &new.count));
    if (cancelled)
        TRY(q_reservation_freed(w, cancelled, &freed));
    gather(w, &new, &round);
    TRY(q_stock_lock(w, round_skus(w, &round), freed.skus));
    if (cancelled)
        TRY(release(w, cancelled));
    TRY(backorder_serve(w, freed.skus));
    TRY(place(w, &new, &round));
    return level_watch(w, freed.skus);
}
