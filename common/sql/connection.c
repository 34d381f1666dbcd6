#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

static struct {
    const char *url;
    char options[512];
} database;

/* --- opening and closing ------------------------------------------------------------------------------- */

/* Planning a statement costs more than running it. With plan_cache_mode=auto PostgreSQL would plan those with
 * an array anew for ever: it takes an array parameter for ten keys long, and finds the plan for one key
 * cheaper every time. */
void conn_configure(const char *url, const char *schema, bool plans_by_value)
{
    database.url = url;
    snprintf(database.options, sizeof database.options,
             "-c search_path=%s,extensions -c statement_timeout=2000 -c lock_timeout=1000 "
             "-c idle_in_transaction_session_timeout=5000 -c timezone=UTC -c jit=off -c plan_cache_mode=%s",
             schema, plans_by_value ? "auto" : "force_generic_plan");
}

/* In place of libpq's own, which prints the server's notices as they are: they are no JSON and may quote
 * data. */
static void on_notice(void *unused, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    (void)unused;
    log_rarely("database.notice", "PostgreSQL sent the notice %s", state ? state : "without a code");
}

/* Until it is connected, has failed, or CONNECT_MS are over. */
static bool finish_connecting(PGconn *pg)
{
    int64_t until = clock_ms() + CONNECT_MS, left;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (PQstatus(pg) != CONNECTION_BAD && next != PGRES_POLLING_OK) {
        struct pollfd fd = {PQsocket(pg), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};

        left = until - clock_ms();
        if (left <= 0)
            return false;
        if (poll(&fd, 1, (int)left) > 0)
            next = PQconnectPoll(pg);
    }
    return PQstatus(pg) == CONNECTION_OK;
}

/* Not PQconnectdbParams(): a session that is ended while it begins sends a notice, which must find the
 * receiver set. */
PGconn *conn_direct(void)
{
    const char *keys[] = {"dbname",           "options",          "keepalives_idle",
                          "tcp_user_timeout", "application_name", NULL};
    const char *values[] = {database.url, database.options, "5", "5000", "backroom", NULL};
    PGconn *pg = PQconnectStartParams(keys, values, 1);

    PQsetNoticeReceiver(pg, on_notice, NULL);
    if (!finish_connecting(pg)) {
        log_rarely("database.connect", "cannot connect: %s", PQerrorMessage(pg));
        PQfinish(pg);
        return NULL;
    }
    return pg;
}

struct sql_conn *conn_open(void)
{
    PGconn *pg = conn_direct();
    struct sql_conn *c;

    if (!pg)
        return NULL;
    c = calloc(1, sizeof *c);
    c->pg = pg;
    c->class = INTERACTIVE; /* see conn_configure() */
    PQsetnonblocking(pg, 1);
    PQenterPipelineMode(pg);
    return c;
}

void conn_close(struct sql_conn *c)
{
    PQfinish(c->pg);
    for (size_t i = 0; i < c->prepared_room; i++)
        free(c->prepared[i]);
    free(c->prepared);
    free(c);
}

bool conn_has_ended(const struct sql_conn *c)
{
    struct pollfd fd = {PQsocket(c->pg), POLLIN, 0};

    return poll(&fd, 1, 0) != 0;
}

/* --- results ------------------------------------------------------------------------------------------- */

/* Until the socket can be read, or written while there is something to flush. */
static bool wait_for_server(struct sql_conn *c, int64_t until)
{
    int flush = PQflush(c->pg);
    struct pollfd fd = {PQsocket(c->pg), (short)(POLLIN | (flush == 1 ? POLLOUT : 0)), 0};
    int64_t left = until - clock_ms();

    if (flush < 0 || left <= 0)
        return false;
    if (poll(&fd, 1, (int)left) < 0 && errno != EINTR)
        return false;
    return !(fd.revents & (POLLIN | POLLERR | POLLHUP)) || PQconsumeInput(c->pg);
}

PGresult *conn_result(struct sql_conn *c)
{
    int64_t until = clock_ms() + c->answer_ms;

    until = until < c->until ? until : c->until;
    while (PQflush(c->pg) == 1 || PQisBusy(c->pg)) {
        if (!wait_for_server(c, until)) {
            c->broken = true;
            return NULL;
        }
    }
    return PQgetResult(c->pg);
}
