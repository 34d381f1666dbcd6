#include "connections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <ulfius.h>
#include <unistd.h>

#include "clock.h"

enum { LOOK_MS = 250 };

/* `since` is when it was opened or its last answer was through, so that the first byte counts, too: between two
 * requests a connection may be idle for half of the time only, then libmicrohttpd closes it. */
struct connection {
    struct connection *next, *before;
    int fd; /* of our own: libmicrohttpd's number may mean another connection by now */
    int64_t since;
    bool endless;
};

static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    atomic_bool stopping;
    int64_t allowed_ms;
    struct connection *first;
} open_now = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Each connection has one thread from beginning to end. */
static _Thread_local struct connection *mine;

static struct connection *of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void opened(struct MHD_Connection *c, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *new = calloc(1, sizeof *new);

    *context = new;
    if (!new)
        return;
    new->fd = info ? dup(info->connect_fd) : -1;
    new->since = clock_ms();
    pthread_mutex_lock(&open_now.lock);
    new->next = open_now.first;
    if (new->next)
        new->next->before = new;
    open_now.first = new;
    pthread_mutex_unlock(&open_now.lock);
}

static void closed(struct connection *old)
{
    if (!old)
        return;
    pthread_mutex_lock(&open_now.lock);
    if (old->before)
        old->before->next = old->next;
    else
        open_now.first = old->next;
    if (old->next)
        old->next->before = old->before;
    pthread_mutex_unlock(&open_now.lock);
    if (old->fd >= 0)
        close(old->fd);
    free(old);
}

void connections_notify(void *unused, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode code)
{
    (void)unused;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        opened(c, context);
    else
        closed(*context);
}

void *connections_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
    mine = of(c);
    return ulfius_uri_logger(cls, uri);
}

static void set(struct connection *c, bool endless)
{
    if (!c)
        return;
    pthread_mutex_lock(&open_now.lock);
    c->since = clock_ms();
    c->endless = endless;
    pthread_mutex_unlock(&open_now.lock);
}

void connections_completed(void *cls, struct MHD_Connection *c, void **request,
                           enum MHD_RequestTerminationCode code)
{
    set(of(c), false);
    mhd_request_completed(cls, c, request, code);
}

void connections_endless(void)
{
    set(mine, true);
}

static void cut_off_the_late(void)
{
    int64_t latest = clock_ms() - open_now.allowed_ms;

    pthread_mutex_lock(&open_now.lock);
    for (struct connection *c = open_now.first; c; c = c->next) {
        if (!c->endless && c->since < latest && c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&open_now.lock);
}

static void *run(void *unused)
{
    (void)unused;
    while (!atomic_load(&open_now.stopping)) {
        cut_off_the_late();
        usleep(LOOK_MS * 1000);
    }
    return NULL;
}

void connections_start(int seconds)
{
    open_now.allowed_ms = (int64_t)seconds * 1000;
    pthread_create(&open_now.thread, NULL, run, NULL);
}

void connections_stop(void)
{
    atomic_store(&open_now.stopping, true);
    pthread_join(open_now.thread, NULL);
}
