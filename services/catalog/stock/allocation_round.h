/* One round of allocation: demands are gathered, served from what is not reserved, and the outcome is read as JSON. */
#ifndef BACKROOM_CATALOG_ALLOCATION_ROUND_H
#define BACKROOM_CATALOG_ALLOCATION_ROUND_H

#include "allocation.h"
#include "work.h"

struct stock_free_result;
struct stock_free_row;

struct allocation_round {
    struct want *wants; /* those of one demand side by side */
    const char **ids;   /* of each demand: its reservation's */
    struct demand *demands;
    size_t want_count, demand_count;
    int64_t *granted;                     /* of each want */
    const struct stock_free_result *free; /* what is not reserved, as it was before the round */
    struct cell *cells;                   /* beside its rows: what is left */
    struct grant *grants;
    size_t grant_count;
};

/* Make room for so many wants, and at most as many demands. */
void round_begin(struct work *w, struct allocation_round *r, size_t room);
void round_demand(struct allocation_round *r, const char *id, bool partial);
/* Of the demand that was added last. */
void round_want(struct allocation_round *r, const char *sku, int64_t missing);

/* Ask what is not reserved of these SKUs (a JSON list), which include all that are wanted, and lock their levels. */
int round_ask(struct work *w, struct allocation_round *r, const char *skus);
/* The answer's row of a SKU, NULL if there is no such variant. */
const struct stock_free_row *round_article(const struct allocation_round *r, const char *sku);
/* Allocate, once the answer has arrived. */
void round_allocate(struct work *w, struct allocation_round *r);

/* The SKUs of all wants: a JSON list, NULL for none. */
const char *round_skus(struct work *w, const struct allocation_round *r);
/* The SKUs that became low, or are no longer low: a JSON list, NULL for none. */
const char *round_turned(struct work *w, const struct allocation_round *r);
/* The grants: [{"id": of the demand, "sku", "warehouse", "quantity"}]. */
const char *round_grants(struct work *w, const struct allocation_round *r);

#endif
