/* Which statements a connection has prepared, and sending them. Inside common/sql only. */
#ifndef BACKROOM_STATEMENT_H
#define BACKROOM_STATEMENT_H

#include <stdbool.h>

struct sql_conn;

/* Into the pipeline, unless the connection has it already. False: the connection is lost. */
bool statement_prepare(struct sql_conn *c, const char *name, const char *sql, int n);
/* The same, and then run it with these values. Every few seconds all plans of the connection are made anew: tables grow. Both are noted in c->pending, in the order of their results. */
bool statement_send(struct sql_conn *c, const char *name, const char *sql, int n, const char *const *values);
/* The server said that it prepared this one. */
void statement_prepared(struct sql_conn *c, const char *name);

#endif
