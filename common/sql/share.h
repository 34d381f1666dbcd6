/*
 * Short reads of many requests, carried together. One of those who wait takes a connection, sends what all of them ask
 * in one pipeline, and hands the answers out: as many round trips and switches of process for many as for one. Who
 * finds nobody waiting asks at once, for himself. docs/adr/0012-reads-travel-together.md.
 */
#ifndef BACKROOM_SHARE_H
#define BACKROOM_SHARE_H

#include <stdint.h>

struct arena;
struct pg_result;
struct query;

/* What somebody asks; all of it is lent until share_read() returns. */
struct question {
    const struct query *query;
    const char *const *values;
    const struct query
        *by_keys;   /* the same for an array of what values[0] is: several who ask so share it; or NULL */
    int key_column; /* of its rows: which of them is whose */
};

/* Rows that several may look at; release: share_release(). */
struct shared_rows {
    struct pg_result *result;
    int readers;
};

enum shared {
    ANSWERED, /* *rows is to be released; the answer begins at *row */
    ALONE, /* something failed, or no row has your key: ask again by yourself, to hear whether it was yours */
    LOST,  /* no connection came free, or the server did not answer */
};

/* Returns at `until`, of the monotonic clock, or a little later. Who carries may need the arena. */
enum shared share_read(struct arena *arena, const struct question *question, int64_t until,
                       struct shared_rows **rows, int *row);
void share_release(void *shared_rows);

#endif
