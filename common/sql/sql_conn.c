#include "sql_conn.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"

/* After a failed connect nobody tries again for this long: a dead database must not hold every thread. */
enum { CONNECT_PAUSE_MS = 200 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    const char *url;
    char options[512];
    struct sql_conn **idle;
    int size, open, idle_count;
    int64_t pause_until;
    uint64_t refused;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

PGconn *conn_direct(void)
{
    const char *keys[] = {
        "dbname",           "options", "connect_timeout", "keepalives_idle", "tcp_user_timeout",
        "application_name", NULL};
    const char *values[] = {pool.url, pool.options, "2", "5", "5000", "backroom", NULL};
    PGconn *pg = PQconnectdbParams(keys, values, 1);

    if (PQstatus(pg) != CONNECTION_OK) {
        log_rarely("database.connect", "cannot connect: %s", PQerrorMessage(pg));
        PQfinish(pg);
        return NULL;
    }
    return pg;
}

static struct sql_conn *conn_new(void)
{
    PGconn *pg = conn_direct();
    struct sql_conn *c;

    if (!pg)
        return NULL;
    c = calloc(1, sizeof *c);
    c->pg = pg;
    c->answer_ms = ANSWER_MS;
    PQsetnonblocking(pg, 1);
    PQenterPipelineMode(pg);
    return c;
}

static void conn_free(struct sql_conn *c)
{
    PQfinish(c->pg);
    for (size_t i = 0; i < c->prepared_room; i++)
        free(c->prepared[i]);
    free(c->prepared);
    free(c);
}

void conn_pool_open(const char *url, const char *schema, int size)
{
    pthread_condattr_t attr;

    pool.url = url;
    pool.size = size;
    snprintf(pool.options, sizeof pool.options,
             "-c search_path=%s,extensions -c statement_timeout=2000 -c lock_timeout=1000 "
             "-c idle_in_transaction_session_timeout=5000 -c timezone=UTC -c jit=off",
             schema);
    pool.idle = calloc((size_t)size, sizeof(struct sql_conn *));
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pool.freed, &attr);
    pthread_condattr_destroy(&attr);
}

void conn_pool_close(void)
{
    pthread_mutex_lock(&pool.lock);
    while (pool.idle_count > 0) {
        conn_free(pool.idle[--pool.idle_count]);
        pool.open--;
    }
    pthread_mutex_unlock(&pool.lock);
}

/* Under the lock: an idle connection, or leave to open one more (*may_open). */
static struct sql_conn *take_idle(int64_t until, bool *may_open)
{
    struct timespec deadline = {until / 1000, (until % 1000) * 1000000};

    *may_open = false;
    for (;;) {
        if (pool.idle_count > 0)
            return pool.idle[--pool.idle_count];
        if (pool.open < pool.size) {
            *may_open = clock_ms() >= pool.pause_until;
            pool.open += *may_open;
            return NULL;
        }
        if (pthread_cond_timedwait(&pool.freed, &pool.lock, &deadline) == ETIMEDOUT && !pool.idle_count) {
            pool.refused++;
            return NULL;
        }
    }
}

struct sql_conn *conn_take(int wait_ms)
{
    struct sql_conn *c;
    bool may_open;

    pthread_mutex_lock(&pool.lock);
    c = take_idle(clock_ms() + wait_ms, &may_open);
    pthread_mutex_unlock(&pool.lock);
    if (c || !may_open)
        return c;
    c = conn_new();
    if (!c) {
        pthread_mutex_lock(&pool.lock);
        pool.open--;
        pool.pause_until = clock_ms() + CONNECT_PAUSE_MS;
        pthread_cond_signal(&pool.freed);
        pthread_mutex_unlock(&pool.lock);
    }
    return c;
}

void conn_give(struct sql_conn *c)
{
    bool broken = c->broken || PQstatus(c->pg) != CONNECTION_OK;

    if (broken)
        conn_free(c);
    pthread_mutex_lock(&pool.lock);
    if (broken)
        pool.open--;
    else
        pool.idle[pool.idle_count++] = c;
    pthread_cond_signal(&pool.freed);
    pthread_mutex_unlock(&pool.lock);
}

void conn_pool_gauges(int *open, int *used, uint64_t *refused)
{
    pthread_mutex_lock(&pool.lock);
    *open = pool.open;
    *used = pool.open - pool.idle_count;
    *refused = pool.refused;
    pthread_mutex_unlock(&pool.lock);
}

static size_t slot_of(char **set, size_t room, const char *name)
{
    uint64_t h = 14695981039346656037u;

    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    for (size_t i = h & (room - 1);; i = (i + 1) & (room - 1)) {
        if (!set[i] || strcmp(set[i], name) == 0)
            return i;
    }
}

bool conn_is_prepared(struct sql_conn *c, const char *name)
{
    return c->prepared_room && c->prepared[slot_of(c->prepared, c->prepared_room, name)];
}

const char *conn_set_prepared(struct sql_conn *c, const char *name)
{
    if ((c->prepared_count + 1) * 2 > c->prepared_room) {
        size_t room = c->prepared_room ? c->prepared_room * 2 : 256;
        char **set = calloc(room, sizeof *set);

        for (size_t i = 0; i < c->prepared_room; i++) {
            if (c->prepared[i])
                set[slot_of(set, room, c->prepared[i])] = c->prepared[i];
        }
        free(c->prepared);
        c->prepared = set;
        c->prepared_room = room;
    }
    size_t slot = slot_of(c->prepared, c->prepared_room, name);

    if (!c->prepared[slot]) {
        c->prepared[slot] = strdup(name);
        c->prepared_count++;
    }
    return c->prepared[slot];
}

/* Wait until the socket can be read (or written, while there is something to flush). */
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

    while (PQflush(c->pg) == 1 || PQisBusy(c->pg)) {
        if (!wait_for_server(c, until)) {
            c->broken = true;
            return NULL;
        }
    }
    return PQgetResult(c->pg);
}
