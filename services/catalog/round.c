#include "round.h"

#include <inttypes.h>

#include "catalog_queries.h"

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

static int read_cells(struct work *w, struct round *r)
{
    struct stock_free_row *rows;

    TRY(q_stock_free(w, round_skus(w, r), &rows, &r->cell_count));
    r->cells = arena_alloc(w->arena, (r->cell_count + 1) * sizeof *r->cells);
    for (size_t i = 0; i < r->cell_count; i++)
        r->cells[i] = (struct cell){rows[i].sku, rows[i].warehouse, rows[i].available};
    return OK;
}

int round_allocate(struct work *w, struct round *r)
{
    if (!r->want_count)
        return OK;
    TRY(read_cells(w, r));
    r->grants = arena_alloc(w->arena, (r->want_count + r->cell_count) * sizeof *r->grants);
    r->grant_count = allocate(r->cells, r->cell_count, r->demands, r->demand_count, r->grants);
    for (const struct grant *g = r->grants; g < r->grants + r->grant_count; g++)
        r->granted[(size_t)(r->demands[g->demand].wants - r->wants) + g->want] += g->quantity;
    return OK;
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
