/* The allocation rule (C-10): a pure function on plain values, greedy in order of arrival. */
#ifndef BACKROOM_ALLOCATION_H
#define BACKROOM_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The unreserved stock of a SKU in a warehouse. */
struct cell {
    const char *sku, *warehouse;
    int64_t available;
};

/* What a demand still misses of a SKU. A SKU is in one want of a demand only. */
struct want {
    const char *sku;
    int64_t missing;
};

struct demand {
    const struct want *wants;
    size_t count;
    bool partial; /* takes what there is; otherwise all its wants or none */
};

/* A quantity of a cell for a want; demand, want and cell are indexes. */
struct grant {
    size_t demand, want, cell;
    int64_t quantity;
};

/*
 * Serve the demands in the order given. A demand that cannot be served is skipped, so that a later, smaller one may get
 * the stock. A demand is served from one warehouse if that covers it whole, else line by line; a line is split over
 * warehouses only if no single one covers it.
 *
 * cells are sorted by sku, then warehouse (bytes, as strcmp) and are lowered by what is granted. grants has room for
 * as many as there are wants and cells together; returns how many were written, in order of demand.
 */
size_t allocate(struct cell *cells, size_t cell_count, const struct demand *demands, size_t demand_count,
                struct grant *grants);

#endif
