/*
 * Short reads of many requests, carried together. One of those who wait takes a connection, sends what all of them ask
 * in one pipeline, and hands the answers out: as many round trips and switches of process for many as for one. Who
 * finds nobody waiting asks at once, for himself. docs/adr/0012-reads-travel-together.md.
 */
#ifndef BACKROOM_SHARE_H
#define BACKROOM_SHARE_H

#include <stdint.h>

struct pg_result;
struct query;

enum shared {
    ANSWERED, /* *result is the caller's to clear */
    ALONE,    /* something in the pipeline failed: ask again by yourself, to hear whether it was yours */
    LOST,     /* no connection came free, or the server did not answer */
};

/* `q` and `values` are lent until it returns: that is at `until`, of the monotonic clock, or a little later. */
enum shared share_read(const struct query *q, const char *const *values, int64_t until,
                       struct pg_result **result);

#endif
