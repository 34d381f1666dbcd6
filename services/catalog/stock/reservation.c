#include "reservation.h"

#include <inttypes.h>
#include <string.h>

#include "backorder.h"
#include "consume.h"
#include "new_orders.h"
#include "outbox.h"
#include "reorder_point.h"
#include "reservation_queries.h"

/* --- what they get ------------------------------------------------------------------------------------------------ */

static const char *status_of(const struct arrival *a)
{
    bool all = true, some = false;

    if (a->gone)
        return "released";
    for (size_t i = 0; i < a->want_count; i++) {
        all &= a->granted[i] == a->wants[i].missing;
        some |= a->granted[i] > 0;
    }
    return all ? "held" : some ? "partial" : "short";
}

/* The reservations: [{"id","order_id","number","allow_partial","status"}]. */
static const char *heads_of(struct work *w, const struct arrivals *a)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (const struct arrival *each = a->all; each < a->all + a->count; each++) {
        text_addf(&t, "%s{\"id\":\"%s\",\"order_id\":\"%s\",\"number\":", each > a->all ? "," : "", each->id,
                  each->order_id);
        text_add_json(&t, each->number);
        text_addf(&t, ",\"allow_partial\":%s,\"status\":\"%s\"}", each->partial ? "true" : "false",
                  status_of(each));
    }
    text_add(&t, "]");
    return t.bytes;
}

/* Their lines, with what each got: [{"id","sku","quantity","reserved"}]. */
static const char *lines_of(struct work *w, const struct arrivals *a)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (const struct arrival *each = a->all; each < a->all + a->count; each++) {
        for (size_t i = 0; i < each->want_count; i++) {
            text_addf(&t, "%s{\"id\":\"%s\",\"sku\":", t.length > 1 ? "," : "", each->id);
            text_add_json(&t, each->wants[i].sku);
            text_addf(&t, ",\"quantity\":%" PRId64 ",\"reserved\":%" PRId64 "}", each->wants[i].missing,
                      each->gone ? 0 : each->granted[i]);
        }
    }
    text_add(&t, "]");
    return t.bytes;
}

static int tell(struct work *w, const struct arrivals *a, const char *status)
{
    struct text ids = sql_list(w);

    for (const struct arrival *each = a->all; each < a->all + a->count; each++) {
        if (strcmp(status_of(each), status) == 0)
            sql_list_add(&ids, each->id);
    }
    return announce_new(w, textf(w, "catalog.reservation.%s", status), "reservation", sql_list_end(&ids));
}

/* In order of arrival, and written once: a reservation comes into being with what it got. */
static int place(struct work *w, struct arrivals *a)
{
    if (!a->count)
        return OK;
    round_allocate(w, &a->round);
    TRY(q_reservation_place(w, heads_of(w, a), lines_of(w, a), round_grants(w, &a->round)));
    TRY(tell(w, a, "held"));
    TRY(tell(w, a, "partial"));
    TRY(tell(w, a, "short"));
    TRY(tell(w, a, "released"));
    return level_watch(w, round_turned(w, &a->round));
}

/* --- orders that were cancelled --------------------------------------------------------------------------------- */

/* What they held goes back, and to those who wait for it; *freed are its SKUs. */
static int take_back(struct work *w, const char *skus, const char **freed)
{
    const char *cancelled = event_subjects(w, w->in, "orders.order.cancelled");
    struct reservation_freed_row held = {0};
    struct reservation_release_row gone;

    TRY(q_reservation_freed(w, cancelled, &held));
    *freed = held.skus;
    TRY(q_stock_lock(w, skus, held.skus));
    TRY(q_reservation_release(w, cancelled, &gone));
    TRY(announce_all(w, "catalog.reservation.released", "reservation", gone.ids));
    return backorder_serve(w, held.skus);
}

/* --- news of orders --------------------------------------------------------------------------------------------- */

/*
 * Only what is new and what was set free is looked at: between transactions nobody waits whom the stock could serve,
 * because whoever adds to it serves the line at once. Cancelled before anything is given out: an order that came and
 * went in one batch holds nothing. Whoever waits came before the new ones.
 */
int on_orders(struct work *w)
{
    const char *skus, *freed = NULL;
    bool cancelled = event_has(w, "orders.order.cancelled");
    struct arrivals new;

    if (!cancelled && !event_has(w, "orders.order.placed"))
        return OK;
    skus = arrivals_skus(w);
    TRY(q_allocation_alone(w));
    if (cancelled)
        TRY(take_back(w, skus, &freed));
    TRY(arrivals_ask(w, &new, skus));
    TRY(sql_sync(w));
    arrivals_gather(w, &new);
    TRY(place(w, &new));
    return level_watch(w, freed);
}
