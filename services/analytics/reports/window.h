/* Windows of time and the dimensions of figures: rules on plain values. */
#ifndef BACKROOM_ANALYTICS_WINDOW_H
#define BACKROOM_ANALYTICS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* One way to cut sales: which sums it reads. */
struct cut {
    const char *name;      /* of the parameter `by` */
    const char *dimension; /* of the sums; NULL: not of the sales */
    const char *grain;     /* the finest that it needs */
    bool over_time;        /* a row is a span of time, not a key */
    bool months;           /* whole months of a window are read from the months' sums */
    int64_t days_max;      /* of a window */
};

/* NULL if there is no such cut. */
const struct cut *cut_named(const char *name);

/* Days from one calendar day (YYYY-MM-DD) to another; below zero if the second is earlier. */
int64_t days_between(const char *from, const char *to);

/* Is this a key that the cut's figures can have: "2010-12-01" by day, "2010-W48" by week, … */
bool key_fits(const char *cut, const char *key);

#endif
