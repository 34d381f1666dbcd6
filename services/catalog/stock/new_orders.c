#include "new_orders.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "consume.h"
#include "reservation_queries.h"

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

const char *arrivals_skus(struct work *w)
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

int arrivals_ask(struct work *w, struct arrivals *a, const char *skus)
{
    *a = (struct arrivals){0};
    round_begin(w, &a->round, lines_told(w));
    TRY(q_reservation_known(w, event_subjects(w, w->in, "orders.order.placed"), &a->known));
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

void arrivals_gather(struct work *w, struct arrivals *a)
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
