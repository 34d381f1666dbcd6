/* Which statements a connection has prepared, and sending them. Inside common/sql only. */
#ifndef BACKROOM_STATEMENT_H
#define BACKROOM_STATEMENT_H

#include <stdbool.h>

struct sql_conn;

/* Queues a prepare, unless the connection has the statement already. False: the connection is lost. */
bool statement_prepare(struct sql_conn *c, const char *name, const char *sql, int n);
/* The same, and queues running it with these values. Both are noted in c->pending, in the order of their
 * results. Every few seconds all plans of the connection are made anew, as tables grow. */
bool statement_send(struct sql_conn *c, const char *name, const char *sql, int n, const char *const *values);
/* The server has prepared it. */
void statement_prepared(struct sql_conn *c, const char *name);

#endif
