/* One round of allocation: demands are gathered, served from what nobody has reserved, and the outcome is read as JSON. */
#ifndef BACKROOM_ROUND_H
#define BACKROOM_ROUND_H

#include "allocation.h"
#include "work.h"

struct round {
    struct want *wants; /* those of one demand side by side */
    const char **ids;   /* of each demand: whose it is */
    struct demand *demands;
    size_t want_count, demand_count;
    int64_t *granted; /* of each want */
    struct cell *cells;
    struct grant *grants;
    size_t cell_count, grant_count;
};

/* Room for so many wants of as many demands at most. */
void round_begin(struct work *w, struct round *r, size_t room);
void round_demand(struct round *r, const char *id, bool partial);
/* Of the demand that was added last. */
void round_want(struct round *r, const char *sku, int64_t missing);

/* Look what is there and give it out. The levels of all SKUs must be locked. */
int round_allocate(struct work *w, struct round *r);

/* The SKUs of all wants, or NULL; and the grants: [{"id": of the demand, "sku", "warehouse", "quantity"}]. */
const char *round_skus(struct work *w, const struct round *r);
const char *round_grants(struct work *w, const struct round *r);

#endif
