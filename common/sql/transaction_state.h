/* The database's part of a work. Inside common/sql only. */
#ifndef BACKROOM_TRANSACTION_STATE_H
#define BACKROOM_TRANSACTION_STATE_H

#include <stdbool.h>

struct queued_statement;
struct expected;
struct sql_conn;
struct work;

enum { HOOKS_MAX = 8 };

struct transaction {
    struct arena *arena;         /* the work's when it began: a handler may change w->arena meanwhile */
    struct sql_conn *connection; /* held from the first statement to the end, NULL before and after */
    struct queued_statement
        *queued;               /* statements that were not sent yet, as they may be batched: write_batch.h */
    struct expected *expected; /* results that a caller waits for: pipeline.h */
    void *states[HOOKS_MAX];   /* of the hooks: transaction.h */
    bool unbatched;            /* its statements are not batched any more */
    bool retry;                /* nothing was done, and the whole work may run again */
    bool no_connection;        /* there was none for it: nothing was done */
};

/* The work's, made by the first call. It is in the work's memory, and gives its connection back when
 * that is freed. */
struct transaction *transaction_of(struct work *w);
/* Gives the connection back, if there is one. */
void transaction_release(struct work *w);

#endif
