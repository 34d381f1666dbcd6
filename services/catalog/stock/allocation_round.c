#include "allocation_round.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reservation_queries.h"

void round_begin(struct work *w, struct round *r, size_t room)
{
    *r = (struct round){.wants = arena_alloc(w->arena, (room + 1) * sizeof *r->wants),
                        .ids = arena_alloc(w->arena, (room + 1) * sizeof *r->ids),
                        .demands = arena_alloc(w->arena, (room + 1) * sizeof *r->demands),
                        .granted = arena_alloc(w->arena, (room + 1) * sizeof *r->granted)};
}

void round_demand(struct round *r, const char *id, bool partial)
{
    r->ids[r->demand_count] = id;
    r->demands[r->demand_count++] = (struct demand){&r->wants[r->want_count], 0, partial};
}

void round_want(struct round *r, const char *sku, int64_t missing)
{
    r->granted[r->want_count] = 0;
    r->wants[r->want_count++] = (struct want){sku, missing};
    r->demands[r->demand_count - 1].count++;
}

const char *round_skus(struct work *w, const struct round *r)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < r->want_count; i++) {
        text_add(&t, i ? "," : "[");
        text_add_json(&t, r->wants[i].sku);
    }
    text_add(&t, "]");
    return r->want_count ? t.bytes : NULL;
}

int round_ask(struct work *w, struct round *r, const char *skus)
{
    return q_stock_free(w, skus, &r->free);
}

static int by_sku(const void *sku, const void *row)
{
    return strcmp(sku, ((const struct stock_free_row *)row)->sku);
}

const struct stock_free_row *round_article(const struct round *r, const char *sku)
{
    return bsearch(sku, r->free->rows, r->free->n, sizeof *r->free->rows, by_sku);
}

static void lay_out(struct work *w, struct round *r)
{
    r->cells = arena_alloc(w->arena, (r->free->n + 1) * sizeof *r->cells);
    for (size_t i = 0; i < r->free->n; i++) {
        const struct stock_free_row *row = &r->free->rows[i];

        r->cells[i] = (struct cell){row->sku, row->warehouse, row->available};
    }
}

void round_allocate(struct work *w, struct round *r)
{
    lay_out(w, r);
    r->grants = arena_alloc(w->arena, (r->want_count + r->free->n) * sizeof *r->grants);
    r->grant_count = allocate(r->cells, r->free->n, r->demands, r->demand_count, r->grants);
    for (const struct grant *g = r->grants; g < r->grants + r->grant_count; g++)
        r->granted[(size_t)(r->demands[g->demand].wants - r->wants) + g->want] += g->quantity;
}

const char *round_turned(struct work *w, const struct round *r)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0, end; i < r->free->n; i = end) {
        const struct stock_free_row *row = &r->free->rows[i];
        int64_t left = 0;

        for (end = i; end < r->free->n && strcmp(r->cells[end].sku, row->sku) == 0; end++)
            left += r->cells[end].available;
        if ((left <= row->reorder_point) == row->low)
            continue;
        text_add(&t, t.length ? "," : "[");
        text_add_json(&t, row->sku);
    }
    text_add(&t, "]");
    return t.length > 1 ? t.bytes : NULL;
}

const char *round_grants(struct work *w, const struct round *r)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct grant *g = &r->grants[i];
        const struct cell *c = &r->cells[g->cell];

        text_addf(&t, "%s{\"id\":\"%s\",\"sku\":", i ? "," : "", r->ids[g->demand]);
        text_add_json(&t, c->sku);
        text_add(&t, ",\"warehouse\":");
        text_add_json(&t, c->warehouse);
        text_addf(&t, ",\"quantity\":%" PRId64 "}", g->quantity);
    }
    text_add(&t, "]");
    return t.bytes;
}
