/*
 * PostgreSQL for the unit of work: a small pool, prepared statements, and a pipeline. Statements whose result
 * nobody looks at are queued; `begin` travels with the first, `commit` with the last, and only a call whose rows
 * are needed waits. An error found late fails the whole work just the same. Called by generated code
 * (tools/sqlgen.py) and by the machinery; services use their q_… calls.
 */
#ifndef BACKROOM_SQL_H
#define BACKROOM_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct pg_result;
struct work;

struct query {
    const char *name;
    int parameters;
    const char *sql;
    const char *names; /* of the parameters: "id,actor" */
};

/*
 * What a statement that may be written for several requests at once selects from: one row without columns, which costs
 * nothing; for several it has a row for each, whose columns are their parameters (cargo.h). Only where it inserts what is
 * new, changes what the same work inserted, or asks what need not be asked within the transaction and locks nothing. Rows
 * that somebody looks at show in their last column whose they are, by what his first parameter is, of which there is only
 * one.
 */
#define SQL_EACH "(select) each"

/* A named database constraint and what its refusal means to the caller. `recover`, if not NULL, is a handler
 * that answers instead, in a new transaction: the same order sent twice is answered with the first. */
struct constraint {
    const char *name;
    int fault;
    const char *code;
    const char *detail;
    int (*recover)(struct work *w);
};

/* The service's constraints. Once, at start. */
void sql_constraints(const struct constraint *rows);
/* NULL if the service has none of this name. */
const struct constraint *sql_constraint_named(const char *name);

/* Prepare every query on one connection: a query that does not fit the schema is told here. Returns false and
 * logs what is wrong. */
bool sql_prepare_all(const struct query *const *tables);
void sql_close(void);

/* The values are lent until the call returns. */
int sql_exec(struct work *w, const struct query *q, const char *const *values);
/* Queue it; the next call that waits hands its rows, owned by the work, to `take`. Where that fails, nobody is called. */
int sql_deferred(struct work *w, const struct query *q, const char *const *values,
                 void (*take)(struct work *w, struct pg_result *result, void *into), void *into);
int sql_count(struct work *w, const struct query *q, const char *const *values, int64_t *count);
int sql_fetch(struct work *w, const struct query *q, const char *const *values, struct pg_result **result);
int sql_json(struct work *w, const struct query *q, const char *const *values, const char **json);
/* The same for a statement made of a table's rows (lists, flows): prepared once per text and connection. */
int sql_exec_text(struct work *w, const char *sql, int n, const char *const *values);
int sql_deferred_text(struct work *w, const char *sql, int n, const char *const *values,
                      void (*take)(struct work *w, struct pg_result *result, void *into), void *into);
int sql_fetch_text(struct work *w, const char *sql, int n, const char *const *values,
                   struct pg_result **result);

/* The work's last statement: its rows come with the commit, and are w->last_rows once that went well. */
int sql_last_text(struct work *w, const char *sql, int n, const char *const *values);

/* What follows is planned for the very values it comes with, up to the end of the transaction or the read: a list's filter
 * may be met by nearly all rows or by hardly any. */
int sql_plan_by_value(struct work *w);

size_t sql_height(const struct pg_result *result);
const char *sql_text(const struct pg_result *result, int row, int column); /* NULL for SQL null */
int64_t sql_int(const struct pg_result *result, int row, int column);
bool sql_bool(const struct pg_result *result, int row, int column);
/* NOT_FOUND unless the result has a row. */
int sql_only_row(struct work *w, const struct pg_result *result);
const char *sql_from_int(struct work *w, int64_t value);

/* An array, to be given as one value: begin, add (NULL is one of its values, too), end. */
struct text sql_list(struct work *w);
void sql_list_add(struct text *list, const char *value);
bool sql_list_empty(const struct text *list);
const char *sql_list_end(struct text *list);

int sql_commit(struct work *w);
void sql_rollback(struct work *w);
/* Give the connection back, if the work still holds one. */
void sql_release(struct work *w);

/* True when a connection answers and its server has fsync, full_page_writes and synchronous_commit on;
 * else *why says what is missing. */
bool sql_ready(const char **why);
/* Is there more work than connections, so that whoever comes now is better refused? */
bool sql_congested(void);
/* Connections open, in use, and times a work waited longer than the bound. */
void sql_gauges(int *open, int *used, uint64_t *refused);

#endif
