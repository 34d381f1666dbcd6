/* One round of allocation: demands are gathered, served from what nobody has reserved, and the outcome is read as JSON. */
#ifndef BACKROOM_ROUND_H
#define BACKROOM_ROUND_H

#include "allocation.h"
#include "work.h"

struct stock_free_result;
struct stock_free_row;

struct round {
    struct want *wants; /* those of one demand side by side */
    const char **ids;   /* of each demand: whose it is */
    struct demand *demands;
    size_t want_count, demand_count;
    int64_t *granted;                     /* of each want */
    const struct stock_free_result *free; /* what there is, as it was before */
    struct cell *cells;                   /* beside its rows: what is left */
    struct grant *grants;
    size_t grant_count;
};

/* Room for so many wants of as many demands at most. */
void round_begin(struct work *w, struct round *r, size_t room);
void round_demand(struct round *r, const char *id, bool partial);
/* Of the demand that was added last. */
void round_want(struct round *r, const char *sku, int64_t missing);

/* Ask what is there of these SKUs (a JSON list), among which must be all that are wanted, and lock their levels. */
int round_ask(struct work *w, struct round *r, const char *skus);
/* What was answered of a SKU, NULL if nobody has drafted it. */
const struct stock_free_row *round_article(const struct round *r, const char *sku);
/* Give it out, once the answer is there. */
void round_allocate(struct work *w, struct round *r);

/* The SKUs of all wants: a JSON list, NULL for none. */
const char *round_skus(struct work *w, const struct round *r);
/* Those SKUs that are low now and were not before, or the other way round: a JSON list, NULL for none. */
const char *round_turned(struct work *w, const struct round *r);
/* The grants: [{"id": of the demand, "sku", "warehouse", "quantity"}]. */
const char *round_grants(struct work *w, const struct round *r);

#endif
