#include "reservation.h"

#include <string.h>

#include "backorder.h"
#include "consume.h"
#include "json_out.h"
#include "new_orders.h"
#include "outbox.h"
#include "reorder_point.h"
#include "reservation_queries.h"
#include "stock_lock_queries.h"

/* --- new orders ------------------------------------------------------------------------------------------ */

static const char *status_of(const struct new_order *o)
{
    bool all = true, some = false;

    if (o->cancelled)
        return "released";
    for (size_t i = 0; i < o->want_count; i++) {
        all &= o->granted[i] == o->wants[i].missing;
        some |= o->granted[i] > 0;
    }
    return all ? "held" : some ? "partial" : "short";
}

/* The reservations: [{"id", "order_id", "number", "allow_partial", "status"}]. */
static const char *heads_of(struct work *w, const struct new_orders *n)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (const struct new_order *o = n->all; o < n->all + n->count; o++) {
        json_begin_object(&out, NULL);
        json_add_text(&out, "id", o->id);
        json_add_text(&out, "order_id", o->order_id);
        json_add_text(&out, "number", o->number);
        json_add_bool(&out, "allow_partial", o->partial);
        json_add_text(&out, "status", status_of(o));
        json_end_object(&out);
    }
    json_end_list(&out);
    return out.bytes;
}

static void add_lines(struct text *out, const struct new_order *o)
{
    for (size_t i = 0; i < o->want_count; i++) {
        json_begin_object(out, NULL);
        json_add_text(out, "id", o->id);
        json_add_text(out, "sku", o->wants[i].sku);
        json_add_int(out, "quantity", o->wants[i].missing);
        json_add_int(out, "reserved", o->cancelled ? 0 : o->granted[i]);
        json_end_object(out);
    }
}

/* Their lines, with what each got: [{"id", "sku", "quantity", "reserved"}]. */
static const char *lines_of(struct work *w, const struct new_orders *n)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (const struct new_order *o = n->all; o < n->all + n->count; o++)
        add_lines(&out, o);
    json_end_list(&out);
    return out.bytes;
}

static int announce_those(struct work *w, const struct new_orders *n, const char *status)
{
    struct text ids = sql_list(w);

    for (const struct new_order *o = n->all; o < n->all + n->count; o++) {
        if (strcmp(status_of(o), status) == 0)
            sql_list_add(&ids, o->id);
    }
    return announce_new(w, textf(w, "catalog.reservation.%s", status), "reservation", sql_list_end(&ids));
}

/* In order of arrival. A reservation is written once, with what it got. */
static int place(struct work *w, struct new_orders *n)
{
    if (!n->count)
        return OK;
    round_allocate(w, &n->round);
    TRY(q_reservation_place(w, heads_of(w, n), lines_of(w, n), round_grants(w, &n->round)));
    TRY(announce_those(w, n, "held"));
    TRY(announce_those(w, n, "partial"));
    TRY(announce_those(w, n, "short"));
    TRY(announce_those(w, n, "released"));
    return reorder_point_check(w, round_turned(w, &n->round));
}

/* --- cancelled orders ------------------------------------------------------------------------------------ */

/* Release what they held, and serve the orders that wait for it; *freed are its SKUs. */
static int release(struct work *w, const char *skus, const char **freed)
{
    const char *cancelled = event_subjects(w, w->in, "orders.order.cancelled");
    struct reservation_freed_row held = {0};
    struct reservation_release_row released;

    TRY(q_reservation_freed(w, cancelled, &held));
    *freed = held.skus;
    TRY(q_stock_lock(w, skus, held.skus));
    TRY(q_reservation_release(w, cancelled, &released));
    TRY(announce_all(w, "catalog.reservation.released", "reservation", released.ids));
    return backorder_serve(w, held.skus);
}

/* --- the handler ----------------------------------------------------------------------------------------- */

/*
 * Only new orders and freed stock are looked at. Between transactions no order waits that the stock could serve, because
 * whatever adds to the stock serves the waiting orders at once. Cancellations come first: an order that was placed and
 * cancelled in one batch holds nothing, and orders that wait arrived before the new ones.
 */
int catalog_on_orders_order(struct work *w)
{
    const char *skus, *freed = NULL;
    bool cancelled = event_has(w, "orders.order.cancelled");
    struct new_orders new;

    if (!cancelled && !event_has(w, "orders.order.placed"))
        return OK;
    skus = new_orders_skus(w);
    TRY(q_allocation_alone(w));
    if (cancelled)
        TRY(release(w, skus, &freed));
    TRY(new_orders_ask(w, &new, skus));
    TRY(sql_sync(w));
    new_orders_gather(w, &new);
    TRY(place(w, &new));
    return reorder_point_check(w, freed);
}
