/*
 * A work's statements on its connection: sent one behind the other without waiting, their results read when
 * the work needs one. Inside common/sql only; other modules and services call sql.h.
 */
#ifndef BACKROOM_PIPELINE_H
#define BACKROOM_PIPELINE_H

struct pg_result;
struct work;

/* A connection for the work, if it holds none. */
int pipeline_open(struct work *w);
/* Queue a statement; `begin` goes before the first one of a work that writes. */
int pipeline_send(struct work *w, const char *name, const char *sql, int n, const char *const *values);
/* The rows of the statement that was sent last are for `take`, once they are read. */
void pipeline_expect(struct work *w, void (*take)(struct work *w, struct pg_result *result, void *into),
                     void *into);
/* Read the results of all that was sent; *last, if not NULL, is the last statement's and owned by the
 * work. */
int pipeline_read(struct work *w, struct pg_result **last);
/* The same up to a synchronisation point: afterwards the pipeline takes statements again, also behind one
 * that failed. */
int pipeline_end(struct work *w, struct pg_result **last);

/* Commit, and give the connection back. If it is lost meanwhile the outcome is unknown: the caller gets 503,
 * and the same idempotency key finds out later. */
int pipeline_commit(struct work *w);
/* Undo what was done, keeping the work's fault, and give the connection back. Statements that were not sent
 * yet are forgotten. */
void pipeline_rollback(struct work *w);

#endif
