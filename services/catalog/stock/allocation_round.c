#include "allocation_round.h"

#include <stdlib.h>
#include <string.h>

#include "allocation_round_queries.h"
#include "json_out.h"

void round_begin(struct work *w, struct allocation_round *r, size_t room)
{
    *r = (struct allocation_round){.wants = arena_alloc(w->arena, (room + 1) * sizeof *r->wants),
                                   .ids = arena_alloc(w->arena, (room + 1) * sizeof *r->ids),
                                   .demands = arena_alloc(w->arena, (room + 1) * sizeof *r->demands),
                                   .granted = arena_alloc(w->arena, (room + 1) * sizeof *r->granted)};
}

void round_demand(struct allocation_round *r, const char *id, bool partial)
{
    r->ids[r->demand_count] = id;
    r->demands[r->demand_count++] = (struct demand){&r->wants[r->want_count], 0, partial};
}

void round_want(struct allocation_round *r, const char *sku, int64_t missing)
{
    r->granted[r->want_count] = 0;
    r->wants[r->want_count++] = (struct want){sku, missing};
    r->demands[r->demand_count - 1].count++;
}

const char *round_skus(struct work *w, const struct allocation_round *r)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (size_t i = 0; i < r->want_count; i++)
        json_add_text(&out, NULL, r->wants[i].sku);
    json_end_list(&out);
    return r->want_count ? out.bytes : NULL;
}

int round_ask(struct work *w, struct allocation_round *r, const char *skus)
{
    return q_stock_free(w, skus, &r->free);
}

static int by_sku(const void *sku, const void *row)
{
    return strcmp(sku, ((const struct stock_free_row *)row)->sku);
}

const struct stock_free_row *round_article(const struct allocation_round *r, const char *sku)
{
    return bsearch(sku, r->free->rows, r->free->n, sizeof *r->free->rows, by_sku);
}

static void fill_cells(struct work *w, struct allocation_round *r)
{
    r->cells = arena_alloc(w->arena, (r->free->n + 1) * sizeof *r->cells);
    for (size_t i = 0; i < r->free->n; i++) {
        const struct stock_free_row *row = &r->free->rows[i];

        r->cells[i] = (struct cell){row->sku, row->warehouse, row->available};
    }
}

void round_allocate(struct work *w, struct allocation_round *r)
{
    fill_cells(w, r);
    r->grants = arena_alloc(w->arena, (r->want_count + r->free->n) * sizeof *r->grants);
    r->grant_count = allocate(r->cells, r->free->n, r->demands, r->demand_count, r->grants);
    for (const struct grant *g = r->grants; g < r->grants + r->grant_count; g++)
        r->granted[(size_t)(r->demands[g->demand].wants - r->wants) + g->want] += g->quantity;
}

const char *round_turned(struct work *w, const struct allocation_round *r)
{
    struct text out = text_new(w->arena);
    bool some = false;

    json_begin_list(&out, NULL);
    for (size_t i = 0, end; i < r->free->n; i = end) {
        const struct stock_free_row *row = &r->free->rows[i];
        int64_t left = 0;

        for (end = i; end < r->free->n && strcmp(r->cells[end].sku, row->sku) == 0; end++)
            left += r->cells[end].available;
        if ((left <= row->reorder_point) == row->low)
            continue;
        json_add_text(&out, NULL, row->sku);
        some = true;
    }
    json_end_list(&out);
    return some ? out.bytes : NULL;
}

const char *round_grants(struct work *w, const struct allocation_round *r)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (size_t i = 0; i < r->grant_count; i++) {
        const struct grant *g = &r->grants[i];
        const struct cell *c = &r->cells[g->cell];

        json_begin_object(&out, NULL);
        json_add_text(&out, "id", r->ids[g->demand]);
        json_add_text(&out, "sku", c->sku);
        json_add_text(&out, "warehouse", c->warehouse);
        json_add_int(&out, "quantity", g->quantity);
        json_end_object(&out);
    }
    json_end_list(&out);
    return out.bytes;
}
