#include "allocation.h"

#include <string.h>

/* The cells of one SKU stand side by side. */
struct span {
    struct cell *first, *end;
};

struct ledger {
    struct cell *cells;
    size_t cell_count;
    struct grant *grants;
    size_t grant_count;
};

static struct span cells_of(const struct ledger *l, const char *sku)
{
    size_t low = 0, high = l->cell_count;
    struct span s;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(l->cells[middle].sku, sku) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    s.first = s.end = l->cells + low;
    while (s.end < l->cells + l->cell_count && strcmp(s.end->sku, sku) == 0)
        s.end++;
    return s;
}

static int64_t total(struct span s)
{
    int64_t sum = 0;

    for (const struct cell *c = s.first; c < s.end; c++)
        sum += c->available;
    return sum;
}

static struct cell *cell_in(struct span s, const char *warehouse)
{
    for (struct cell *c = s.first; c < s.end; c++) {
        if (strcmp(c->warehouse, warehouse) == 0)
            return c;
    }
    return NULL;
}

/* The first cell that covers a quantity alone. */
static struct cell *cell_for(struct span s, int64_t quantity)
{
    for (struct cell *c = s.first; c < s.end; c++) {
        if (c->available >= quantity)
            return c;
    }
    return NULL;
}

static struct cell *fullest(struct span s)
{
    struct cell *best = NULL;

    for (struct cell *c = s.first; c < s.end; c++) {
        if (c->available > 0 && (!best || c->available > best->available))
            best = c;
    }
    return best;
}

static bool fits(const struct ledger *l, const struct demand *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (total(cells_of(l, d->wants[i].sku)) < d->wants[i].missing)
            return false;
    }
    return true;
}

static bool warehouse_covers(const struct ledger *l, const struct demand *d, const char *warehouse)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct cell *c = cell_in(cells_of(l, d->wants[i].sku), warehouse);

        if (!c || c->available < d->wants[i].missing)
            return false;
    }
    return true;
}

/* The first warehouse that covers the whole demand, NULL if none does. */
static const char *one_warehouse(const struct ledger *l, const struct demand *d)
{
    struct span s = cells_of(l, d->wants[0].sku);

    for (const struct cell *c = s.first; c < s.end; c++) {
        if (warehouse_covers(l, d, c->warehouse))
            return c->warehouse;
    }
    return NULL;
}

static void grant(struct ledger *l, size_t demand, size_t want, struct cell *c, int64_t quantity)
{
    c->available -= quantity;
    l->grants[l->grant_count++] = (struct grant){demand, want, (size_t)(c - l->cells), quantity};
}

/* Serve one line from as few warehouses as possible, with less than it misses if there is not more. Every grant but the
 * last empties its cell, which bounds their number. */
static void serve_line(struct ledger *l, const struct demand *d, size_t demand, size_t want)
{
    struct span s = cells_of(l, d->wants[want].sku);
    int64_t missing = d->wants[want].missing;
    struct cell *c = cell_for(s, missing);

    if (!c)
        c = fullest(s);
    while (c && missing > 0) {
        int64_t part = c->available < missing ? c->available : missing;

        grant(l, demand, want, c, part);
        missing -= part;
        c = fullest(s);
    }
}

static void serve(struct ledger *l, const struct demand *d, size_t demand)
{
    bool whole = fits(l, d);
    const char *warehouse = whole && d->count ? one_warehouse(l, d) : NULL;

    if (!whole && !d->partial)
        return;
    for (size_t i = 0; i < d->count; i++) {
        if (warehouse)
            grant(l, demand, i, cell_in(cells_of(l, d->wants[i].sku), warehouse), d->wants[i].missing);
        else
            serve_line(l, d, demand, i);
    }
}

size_t allocate(struct cell *cells, size_t cell_count, const struct demand *demands, size_t demand_count,
                struct grant *grants)
{
    struct ledger l = {cells, cell_count, grants, 0};

    for (size_t i = 0; cell_count && i < demand_count; i++)
        serve(&l, &demands[i], i);
    return l.grant_count;
}
