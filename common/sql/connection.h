/*
 * One connection to PostgreSQL in pipeline mode: opening, reading results, closing. libpq's time-outs and
 * ours bound every wait. Inside common/sql only, but for conn_configure() and conn_direct().
 */
#ifndef BACKROOM_CONNECTION_H
#define BACKROOM_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long a statement may take before its connection is given up. The server itself ends the statements of a
 * request after 2 s, those of background work after 20 s; this is for one that does not answer at all.
 * Connecting takes 2 s at most, libpq's least. */
enum { ANSWER_MS = 3000, BACKGROUND_MS = 24000, CONNECT_MS = 2000 };

/* So many results may be outstanding. */
enum { PENDING_MAX = 4096 };

/* A statement that was sent and whose result was not read yet. */
struct pending {
    const char
        *prepares; /* the name that it prepares (owned by the connection's set), NULL for one that is run */
    const char *what; /* for the log */
};

/* Which time-outs a session has for its statements and locks. They stay set until the transaction that set
 * them is rolled back: then they are UNKNOWN. */
enum session_class { UNKNOWN, INTERACTIVE, BACKGROUND };

struct sql_conn {
    PGconn *pg;
    bool begun;      /* in a transaction */
    bool failed;     /* a statement failed: the transaction can only be rolled back */
    bool broken;     /* not usable any more */
    bool committing; /* the commit was sent: if the connection is lost now, its outcome is unknown */
    enum session_class class;
    bool background; /* it was taken for background work: pool.h */
    char **prepared; /* open-addressed set of statement names: statement.h */
    size_t prepared_room, prepared_count;
    struct pending pending[PENDING_MAX];
    int pending_count;
    int64_t plans_until; /* when its plans are made anew: statement.h */
    int answer_ms;       /* how long the server may take over a statement */
    int64_t until;       /* when the work that holds it must be over, by clock_ms() */
};

/* Where the database is. Once, at start. plans_by_value: statements may be planned for the values they come
 * with, else each is planned once. */
void conn_configure(const char *url, const char *schema, bool plans_by_value);
/* A plain connection with the usual time-outs, not of the pool, or NULL: for leadership and migrations. */
PGconn *conn_direct(void);

struct sql_conn *conn_open(void);
void conn_close(struct sql_conn *c);
/* The server has closed it, or has sent something unasked, as it does before. */
bool conn_has_ended(const struct sql_conn *c);
/* The next result, or NULL after the last one of a statement. Sets broken when the server does not answer in
 * time. */
PGresult *conn_result(struct sql_conn *c);

#endif
