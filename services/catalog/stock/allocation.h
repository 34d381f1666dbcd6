/* Who gets what: a pure decision on plain values, greedy in order of arrival (C-10). */
#ifndef BACKROOM_ALLOCATION_H
#define BACKROOM_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What nobody has reserved of a SKU in a warehouse. */
struct cell {
    const char *sku, *warehouse;
    int64_t available;
};

/* What a demand still misses of a SKU; a SKU stands in one want of a demand only. */
struct want {
    const char *sku;
    int64_t missing;
};

struct demand {
    const struct want *wants;
    size_t count;
    bool partial; /* takes what there is; otherwise all its wants or none */
};

/* So much of a cell for a want; the three are indexes. */
struct grant {
    size_t demand, want, cell;
    int64_t quantity;
};

/*
 * Serve the demands in the order given. One that cannot be served is passed over, so that stock never idles: a later,
 * smaller one may get it. A demand comes out of one warehouse where that covers it whole, else line by line, and a
 * line is split over warehouses only when no single one covers it.
 *
 * cells are sorted by sku, then warehouse (bytes, as strcmp) and are lowered by what is granted. grants has room for
 * as many as there are wants and cells together; returns how many were written, in order of demand.
 */
size_t allocate(struct cell *cells, size_t cell_count, const struct demand *demands, size_t demand_count,
                struct grant *grants);

#endif
