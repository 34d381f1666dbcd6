/*
 * Statements that were not sent yet, as they may be sent for several works at once: one statement writes the
 * rows of all, and each work gets its own rows of the result. group_commit.h decides which works share a
 * batch. Inside common/sql only.
 *
 * A statement can be batched if its query has a batched text (query.h). That is for statements that insert
 * new rows, change rows that the same work inserted, or read without a lock what need not be read within the
 * transaction: those of several works never wait for one another, and their order does not matter.
 */
#ifndef BACKROOM_WRITE_BATCH_H
#define BACKROOM_WRITE_BATCH_H

#include <stdbool.h>

struct pg_result;
struct query;
struct work;

/* In its work's memory. */
struct queued_statement {
    struct queued_statement *next;
    const struct query *query;
    const char **values;
    void (*take)(struct work *w, struct pg_result *result, void *into); /* NULL: nothing looks at its rows */
    void *into;
};

/* So many works may be in one batch. */
enum { BATCH_MAX = 32 };

/* Keeps a statement with a copy of its values behind those that the work has queued. False, and nothing is
 * kept, if it cannot be batched or the work has too much queued already: it had better go alone, as the
 * others would wait for it. */
bool write_batch_add(struct work *w, const struct query *q, const char *const *values,
                     void (*take)(struct work *w, struct pg_result *result, void *into), void *into);
/* Do both works have the same statements queued, in the same order? */
bool write_batch_same_shape(const struct work *a, const struct work *b);
/* Send what these works of the same shape have queued over the connection of `batch`, a work of its own.
 * Their rows are handed over when that reads its results. */
int write_batch_send(struct work *batch, struct work *const *works, int count);

#endif
