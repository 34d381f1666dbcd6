#include "connections.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "thread.h"

enum { CHECK_MS = 250 };

/* `since` is when it was opened or its last response was complete, so that a request's first byte counts,
 * too: between two requests a connection may be idle for half of the time only, then libmicrohttpd closes
 * it. */
struct connection {
    struct connection *next, *before;
    int fd; /* a duplicate: libmicrohttpd's number may belong to another connection by now */
    int64_t since;
    bool streams, responding;
};

static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    int64_t allowed_ms;
    struct connection *first;
    atomic_int open, responding;
    atomic_bool running;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* On the connection's own thread. */
static void set_responding(struct connection *c, bool responding)
{
    atomic_fetch_add(&table.responding, responding - c->responding);
    c->responding = responding;
}

struct connection *connection_opened(int fd)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    c->since = clock_ms();
    pthread_mutex_lock(&table.lock);
    c->next = table.first;
    if (c->next)
        c->next->before = c;
    table.first = c;
    pthread_mutex_unlock(&table.lock);
    atomic_fetch_add(&table.open, 1);
    return c;
}

void connection_closed(struct connection *c)
{
    if (!c)
        return;
    set_responding(c, false);
    pthread_mutex_lock(&table.lock);
    if (c->before)
        c->before->next = c->next;
    else
        table.first = c->next;
    if (c->next)
        c->next->before = c->before;
    pthread_mutex_unlock(&table.lock);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
    atomic_fetch_sub(&table.open, 1);
}

void connection_responds(struct connection *c)
{
    if (c)
        set_responding(c, true);
}

void connection_responded(struct connection *c)
{
    if (!c)
        return;
    set_responding(c, false);
    pthread_mutex_lock(&table.lock);
    c->since = clock_ms();
    c->streams = false;
    pthread_mutex_unlock(&table.lock);
}

void connection_streams(struct connection *c)
{
    if (!c)
        return;
    set_responding(c, false);
    pthread_mutex_lock(&table.lock);
    c->streams = true;
    pthread_mutex_unlock(&table.lock);
}

static void shut_down_late(void)
{
    int64_t latest = clock_ms() - table.allowed_ms;

    pthread_mutex_lock(&table.lock);
    for (struct connection *c = table.first; c; c = c->next) {
        if (!c->streams && c->since < latest && c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&table.lock);
}

static void *run(void *unused)
{
    (void)unused;
    thread_set_name("connections");
    while (atomic_load(&table.running)) {
        shut_down_late();
        usleep(CHECK_MS * 1000);
    }
    return NULL;
}

void connections_start(int seconds)
{
    table.allowed_ms = (int64_t)seconds * 1000;
    atomic_store(&table.running, true);
    if (pthread_create(&table.thread, NULL, run, NULL) != 0)
        atomic_store(&table.running, false);
}

void connections_stop(void)
{
    if (atomic_exchange(&table.running, false))
        pthread_join(table.thread, NULL);
}

int connections_open(void)
{
    return atomic_load(&table.open);
}

int connections_responding(void)
{
    return atomic_load(&table.responding);
}
