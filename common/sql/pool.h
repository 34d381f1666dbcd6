/* One connection in pipeline mode, and the pool of them. Inside common/ only. */
#ifndef BACKROOM_POOL_H
#define BACKROOM_POOL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* A request's statements end after 2 s by themselves, those of background work after 20 s: the server that does not even
 * say so is given up a little later. To connect takes 2 s at most, the least that libpq can be told. */
enum { PENDING_MAX = 4096, ANSWER_MS = 3000, BACKGROUND_MS = 24000, CONNECT_MS = 2000 };

/* After a failed connect nobody tries again for this long: a dead database must not hold every thread. */
enum { CONNECT_PAUSE_MS = 200 };

struct pending {
    const char
        *prepares;    /* a statement being prepared: its name (owned by the connection's set), else NULL */
    const char *what; /* for the log */
    bool answers;     /* somebody waits for its result */
};

/* How long a session's statements may run and wait for locks. A session keeps the time-outs that were set in it until a
 * transaction that set them is rolled back: then they are UNKNOWN. */
enum session_class { UNKNOWN, INTERACTIVE, BACKGROUND };

struct sql_conn {
    PGconn *pg;
    bool begun, broken, failed;
    bool committing; /* the commit was sent: if the connection is lost, nobody knows whether it was done */
    enum session_class class; /* whose time-outs it has */
    bool background;          /* it counts as one of those for background work */
    char **prepared;          /* open-addressed set of statement names: statement.h */
    size_t prepared_room, prepared_count;
    struct pending pending[PENDING_MAX];
    int pending_count;
    int64_t plans_until; /* when its plans are too old: statement.h */
    int answer_ms;       /* how long the server may take over a statement */
    int64_t until;       /* when the work that holds it must be over, by the monotonic clock */
};

/* A plain connection to the configured database with the house's time-outs, or NULL. Not of the pool: for the
 * relay, leadership and migrations. */
PGconn *conn_direct(void);
void conn_close(struct sql_conn *c);
/* From the pool, waiting at most wait_ms; NULL when none came free, the database does not answer, or connecting might
 * take longer than until. Background work, which may wait long for locks, has at most half of the connections. */
struct sql_conn *conn_take(int wait_ms, int64_t until, enum session_class class);
void conn_give(struct sql_conn *c);
/* plans_by_value: statements may be planned for the values they come with, else each is planned once. */
void conn_pool_open(const char *url, const char *schema, int size, bool plans_by_value);
void conn_pool_close(void);
/* Is every connection in use, and did the database answer somebody within the last milliseconds? */
bool conn_pool_busy(int64_t within_ms);
/* Does somebody wait for a connection so long already that whoever comes now had better not begin? He counts as refused. */
bool conn_pool_congested(void);
void conn_pool_gauges(int *open, int *used, uint64_t *refused);

/* Next result or NULL (end of one statement's results); sets broken when the server does not answer in time. */
PGresult *conn_result(struct sql_conn *c);

#endif
