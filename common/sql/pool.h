/* The pool of connections, with a bounded wait. Inside common/sql only, but for opening it and
 * the first connection. */
#ifndef BACKROOM_POOL_H
#define BACKROOM_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "connection.h"

/* After a failed attempt to connect there is none for this long: a database that is down must not hold every
 * thread. */
enum { CONNECT_PAUSE_MS = 200 };

/* conn_configure() comes first. */
void conn_pool_open(int size);
void conn_pool_close(void);

/* A connection, waiting at most wait_ms; NULL when none came free, the database does not answer, or
 * connecting might take longer than until. Background work, which may wait long for locks, has at most half
 * of the connections. */
struct sql_conn *conn_take(int wait_ms, int64_t until, enum session_class class);
void conn_give(struct sql_conn *c);

/* Is every connection in use, and did the database answer within the last milliseconds? */
bool conn_pool_busy(int64_t within_ms);
/* Has a work waited for a connection so long that one that comes now would better be refused? Counts as
 * refused. */
bool conn_pool_congested(void);
void conn_pool_gauges(int *open, int *used, uint64_t *refused);

#endif
