#include "reservation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backorder.h"
#include "catalog_queries.h"
#include "consume.h"
#include "event.h"
#include "level.h"
#include "round.h"

/* --- orders that came in ---------------------------------------------------------------------------------------- */

/* What an order wants of the stock: its stocked lines, summed by SKU. */
struct arrival {
    const char *id, *order_id, *number; /* id: of its reservation */
    bool partial, gone;                 /* gone: cancelled meanwhile */
    struct want *wants;
    size_t want_count;
    const int64_t *granted; /* beside its wants, unless it is gone */
};

struct arrivals {
    struct arrival *all;
    size_t count;
    const struct reservation_known_answer *known;
    struct round round;
};

/* History (an order that came in delivered) took its stock long ago. */
static bool is_new(const json_t *event)
{
    const char *status = json_text_in(json_object_get(event, "data"), "status");

    return strcmp(json_text_in(event, "type"), "orders.order.placed") == 0 &&
           !(status && strcmp(status, "delivered") == 0);
}

static const json_t *lines_in(const json_t *event)
{
    return json_object_get(json_object_get(event, "data"), "lines");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Once each. */
static const char *sorted_list(struct work *w, const char **skus, size_t n)
{
    struct text t = text_new(w->arena);

    qsort(skus, n, sizeof *skus, by_text);
    text_add(&t, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(skus[i], skus[i - 1]) == 0)
            continue;
        text_add(&t, i ? "," : "");
        text_add_json(&t, skus[i]);
    }
    text_add(&t, "]");
    return t.bytes;
}

/* How many lines all new orders have together. */
static size_t lines_told(struct work *w)
{
    size_t i, n = 0;
    json_t *e;

    json_array_foreach(w->in, i, e)
    {
        n += is_new(e) ? json_array_size(lines_in(e)) : 0;
    }
    return n;
}

/* The SKUs of all new orders. */
static const char *skus_told(struct work *w)
{
    const char **skus = arena_alloc(w->arena, (lines_told(w) + 1) * sizeof *skus);
    size_t i, j, n = 0;
    json_t *e, *line;

    json_array_foreach(w->in, i, e)
    {
        if (!is_new(e))
            continue;
        json_array_foreach(lines_in(e), j, line)
        {
            skus[n++] = json_text_in(line, "sku");
        }
    }
    return sorted_list(w, skus, n);
}

/* The orders that the events of this type are about, as an array; NULL for none. */
static const char *orders_told(struct work *w, const char *type)
{
    struct text ids = sql_list(w);
    json_t *e;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (strcmp(json_text_in(e, "type"), type) == 0)
            sql_list_add(&ids, json_text_in(json_object_get(e, "data"), "id"));
    }
    return sql_list_empty(&ids) ? NULL : sql_list_end(&ids);
}

/* All that is to be known before anything is given out, asked at once; the levels are locked with it. */
static int ask(struct work *w, struct arrivals *a, const char *skus)
{
    *a = (struct arrivals){0};
    round_begin(w, &a->round, lines_told(w));
    TRY(q_reservation_known(w, orders_told(w, "orders.order.placed"), &a->known));
    return round_ask(w, &a->round, skus);
}

/* The catalog's word counts; of a SKU that nobody drafted yet, the order's own. */
static bool is_kept(const struct round *r, const json_t *line)
{
    const struct stock_free_row *row = round_article(r, json_text_in(line, "sku"));

    return row ? row->stocked : !json_is_false(json_object_get(line, "stocked"));
}

static int by_sku(const void *a, const void *b)
{
    return strcmp(((const struct want *)a)->sku, ((const struct want *)b)->sku);
}

static void read_wants(struct work *w, struct arrival *a, const json_t *lines, const struct round *r)
{
    size_t i, n = 0;
    json_t *line;

    a->wants = arena_alloc(w->arena, (json_array_size(lines) + 1) * sizeof *a->wants);
    json_array_foreach(lines, i, line)
    {
        if (is_kept(r, line))
            a->wants[n++] = (struct want){json_text_in(line, "sku"),
                                          json_integer_value(json_object_get(line, "quantity"))};
    }
    qsort(a->wants, n, sizeof *a->wants, by_sku);
    for (i = 0; i < n; i++) {
        struct want *last = a->want_count ? &a->wants[a->want_count - 1] : NULL;

        if (last && strcmp(last->sku, a->wants[i].sku) == 0)
            last->missing += a->wants[i].missing;
        else
            a->wants[a->want_count++] = a->wants[i];
    }
}

static bool is_known(const struct arrivals *a, const char *order_id)
{
    for (size_t i = 0; i < a->known->n; i++) {
        if (strcasecmp(a->known->rows[i].order_id, order_id) == 0)
            return true;
    }
    return false;
}

static bool is_gone(struct work *w, const char *order_id)
{
    json_t *e;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (strcmp(json_text_in(e, "type"), "orders.order.cancelled") == 0 &&
            strcmp(json_text_in(json_object_get(e, "data"), "id"), order_id) == 0)
            return true;
    }
    return false;
}

static void demand(struct arrival *a, struct round *r)
{
    a->granted = r->granted + r->want_count;
    if (a->want_count)
        round_demand(r, a->id, a->partial);
    for (size_t i = 0; i < a->want_count; i++)
        round_want(r, a->wants[i].sku, a->wants[i].missing);
}

/* Those that are applied and have no reservation yet, in order of arrival. */
static void gather(struct work *w, struct arrivals *a)
{
    bool some_gone = event_has(w, "orders.order.cancelled");
    json_t *e;
    size_t i;

    a->all = arena_alloc(w->arena, (json_array_size(w->in) + 1) * sizeof *a->all);
    json_array_foreach(w->in, i, e)
    {
        const json_t *data = json_object_get(e, "data");
        const char *order_id = json_text_in(data, "id");
        struct arrival *new = &a->all[a->count];

        if (!is_new(e) || is_known(a, order_id))
            continue;
        *new = (struct arrival){.id = new_id(w),
                                .order_id = order_id,
                                .number = json_text_in(data, "number"),
                                .partial = json_is_true(json_object_get(data, "allow_partial")),
                                .gone = some_gone && is_gone(w, order_id)};
        read_wants(w, new, lines_in(e), &a->round);
        if (!new->gone)
            demand(new, &a->round);
        a->count++;
    }
}

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
    const char *cancelled;
    struct reservation_freed_row held = {0};
    struct reservation_release_row gone;

    TRY(event_admit(w));
    cancelled = orders_told(w, "orders.order.cancelled");
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
        return event_admit(w);
    skus = skus_told(w);
    TRY(q_allocation_alone(w));
    if (cancelled)
        TRY(take_back(w, skus, &freed));
    TRY(ask(w, &new, skus));
    TRY(event_admit(w));
    TRY(await(w));
    gather(w, &new);
    TRY(place(w, &new));
    return level_watch(w, freed);
}
