/*
 * A work's statements on its connection: sent one behind the other, their results read when somebody waits. Inside common/sql
 * only; services and machinery call sql.h.
 */
#ifndef BACKROOM_PIPELINE_H
#define BACKROOM_PIPELINE_H

#include <stdbool.h>

struct pg_result;
struct work;

/* A connection for the work, if it holds none. */
int pipeline_open(struct work *w);
/* Queue a statement; `begin` goes before the first one of a work that writes. */
int pipeline_send(struct work *w, const char *name, const char *sql, int n, const char *const *values);
/* The rows of the statement sent last are for `take`, once they are read. */
void pipeline_expect(struct work *w, void (*take)(struct work *w, struct pg_result *result, void *into),
                     void *into);
/* Read the results of all that was sent; *last, if asked for, is the last statement's and owned by the work. */
int pipeline_read(struct work *w, struct pg_result **last);
/* The same up to a synchronisation point: afterwards the pipeline takes statements again, also behind one that failed. */
int pipeline_end(struct work *w, struct pg_result **last);
/* The connection is not usable any more: BUSY, or what went wrong before. */
int pipeline_lost(struct work *w);

#endif
