/*
 * PostgreSQL for the unit of work: prepared statements in a pipeline. Statements whose result nothing waits
 * for are queued; `begin` is sent with the first, `commit` with the last, and only a call whose rows are
 * needed waits. An error that is found late fails the whole work just the same. What a request writes may be
 * batched with what others write (group_commit.h). Called by generated code (tools/sqlgen.py) and by
 * common/; services use their q_… calls.
 */
#ifndef BACKROOM_SQL_H
#define BACKROOM_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "constraint.h"
#include "query.h"
#include "value.h"

struct pg_result;
struct work;

/* Prepare every query on one connection: one that does not fit the schema is found here. Returns false and
 * logs what is wrong. */
bool sql_prepare_all(const struct query *const *tables);
void sql_close(void);

/* The values are lent until the call returns. */
int sql_exec(struct work *w, const struct query *q, const char *const *values);
/* Queue it; the next call that waits, or sql_sync(), hands its rows, owned by the work, to `take`. Where that
 * call fails, `take` may not be called. */
int sql_deferred(struct work *w, const struct query *q, const char *const *values,
                 void (*take)(struct work *w, struct pg_result *result, void *into), void *into);
int sql_count(struct work *w, const struct query *q, const char *const *values, int64_t *count);
int sql_fetch(struct work *w, const struct query *q, const char *const *values, struct pg_result **result);
int sql_json(struct work *w, const struct query *q, const char *const *values, const char **json);
/* Wait until the rows of all deferred queries were handed over. */
int sql_sync(struct work *w);

/* The same for a statement made of a table's rows (lists, flows): prepared once per text and connection. */
int sql_exec_text(struct work *w, const char *sql, int n, const char *const *values);
int sql_fetch_text(struct work *w, const char *sql, int n, const char *const *values,
                   struct pg_result **result);
/* Such a statement as a query that may be batched, of n parameters. Between head and tail stands the row
 * `batch`, whose columns p1 … pn are the parameters, and whose column row_no is the number of the request:
 * the last column of what it returns, if it returns rows. "insert into t (a) select batch.p1::int from ",
 * "". */
const struct query *sql_batched_text(struct work *w, int n, const char *head, const char *tail);

/* What follows is planned for the very values it comes with, up to the end of the transaction or the read: a
 * list's filter may be met by nearly all rows or by hardly any. */
int sql_plan_by_value(struct work *w);

int sql_commit(struct work *w);
void sql_rollback(struct work *w);
/* Give the connection back, if the work still holds one. */
void sql_release(struct work *w);

#endif
