#include "new_orders.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "allocation_round_queries.h"
#include "consume.h"
#include "json_out.h"
#include "new_orders_queries.h"

/* An imported order that was delivered long ago needs no stock. */
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

/* Each SKU once. */
static const char *sorted_list(struct work *w, const char **skus, size_t n)
{
    struct text out = text_new(w->arena);

    qsort(skus, n, sizeof *skus, by_text);
    json_begin_list(&out, NULL);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(skus[i], skus[i - 1]) != 0)
            json_add_text(&out, NULL, skus[i]);
    }
    json_end_list(&out);
    return out.bytes;
}

/* How many lines all new orders have together. */
static size_t count_lines(struct work *w)
{
    size_t i, n = 0;
    json_t *e;

    json_array_foreach(w->in, i, e)
    {
        n += is_new(e) ? json_array_size(lines_in(e)) : 0;
    }
    return n;
}

const char *new_orders_skus(struct work *w)
{
    const char **skus = arena_alloc(w->arena, (count_lines(w) + 1) * sizeof *skus);
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

int new_orders_ask(struct work *w, struct new_orders *n, const char *skus)
{
    *n = (struct new_orders){0};
    round_begin(w, &n->round, count_lines(w));
    TRY(q_reservation_known(w, event_subjects(w, w->in, "orders.order.placed"), &n->known));
    return round_ask(w, &n->round, skus);
}

/* Catalog's own value of `stocked` counts; the order's does for a SKU that was not drafted yet. */
static bool is_stocked(const struct allocation_round *r, const json_t *line)
{
    const struct stock_free_row *row = round_article(r, json_text_in(line, "sku"));

    return row ? row->stocked : !json_is_false(json_object_get(line, "stocked"));
}

static int by_sku(const void *a, const void *b)
{
    return strcmp(((const struct want *)a)->sku, ((const struct want *)b)->sku);
}

static void read_wants(struct work *w, struct new_order *o, const json_t *lines,
                       const struct allocation_round *r)
{
    size_t i, n = 0;
    json_t *line;

    o->wants = arena_alloc(w->arena, (json_array_size(lines) + 1) * sizeof *o->wants);
    json_array_foreach(lines, i, line)
    {
        if (is_stocked(r, line))
            o->wants[n++] = (struct want){json_text_in(line, "sku"),
                                          json_integer_value(json_object_get(line, "quantity"))};
    }
    qsort(o->wants, n, sizeof *o->wants, by_sku);
    for (i = 0; i < n; i++) {
        struct want *last = o->want_count ? &o->wants[o->want_count - 1] : NULL;

        if (last && strcmp(last->sku, o->wants[i].sku) == 0)
            last->missing += o->wants[i].missing;
        else
            o->wants[o->want_count++] = o->wants[i];
    }
}

static bool has_reservation(const struct new_orders *n, const char *order_id)
{
    for (size_t i = 0; i < n->known->n; i++) {
        if (strcasecmp(n->known->rows[i].order_id, order_id) == 0)
            return true;
    }
    return false;
}

static bool is_cancelled(struct work *w, const char *order_id)
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

static void add_demand(struct new_order *o, struct allocation_round *r)
{
    o->granted = r->granted + r->want_count;
    if (o->want_count)
        round_demand(r, o->id, o->partial);
    for (size_t i = 0; i < o->want_count; i++)
        round_want(r, o->wants[i].sku, o->wants[i].missing);
}

void new_orders_gather(struct work *w, struct new_orders *n)
{
    bool some_cancelled = event_has(w, "orders.order.cancelled");
    json_t *e;
    size_t i;

    n->all = arena_alloc(w->arena, (json_array_size(w->in) + 1) * sizeof *n->all);
    json_array_foreach(w->in, i, e)
    {
        const json_t *data = json_object_get(e, "data");
        const char *order_id = json_text_in(data, "id");
        struct new_order *new = &n->all[n->count];

        if (!is_new(e) || has_reservation(n, order_id))
            continue;
        *new = (struct new_order){.id = new_id(w),
                                  .order_id = order_id,
                                  .number = json_text_in(data, "number"),
                                  .partial = json_is_true(json_object_get(data, "allow_partial")),
                                  .cancelled = some_cancelled && is_cancelled(w, order_id)};
        read_wants(w, new, lines_in(e), &n->round);
        if (!new->cancelled)
            add_demand(new, &n->round);
        n->count++;
    }
}
