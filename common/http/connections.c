#include "connections.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"

/* `since` is when it was opened or its last answer was through, so that the first byte counts, too: between two
 * requests a connection may be idle for half of the time only, then libmicrohttpd closes it. */
struct connection {
    struct connection *next, *before;
    int fd;
    int64_t since;
    bool endless;
};

static struct {
    int64_t allowed_ms;
    struct connection *first;
    atomic_int count;
} open_now;

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
    new->fd = info ? info->connect_fd : -1;
    new->since = clock_ms();
    new->next = open_now.first;
    if (new->next)
        new->next->before = new;
    open_now.first = new;
    atomic_fetch_add(&open_now.count, 1);
}

static void closed(struct connection *old)
{
    if (!old)
        return;
    if (old->before)
        old->before->next = old->next;
    else
        open_now.first = old->next;
    if (old->next)
        old->next->before = old->before;
    free(old);
    atomic_fetch_sub(&open_now.count, 1);
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

static void set(struct connection *c, bool endless)
{
    if (!c)
        return;
    c->since = clock_ms();
    c->endless = endless;
}

void connections_answered(struct MHD_Connection *c)
{
    set(of(c), false);
}

void connections_endless(struct MHD_Connection *c)
{
    set(of(c), true);
}

void connections_cut_off_the_late(void)
{
    int64_t latest = clock_ms() - open_now.allowed_ms;

    for (struct connection *c = open_now.first; c; c = c->next) {
        if (!c->endless && c->since < latest && c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
    }
}

void connections_start(int seconds)
{
    open_now.allowed_ms = (int64_t)seconds * 1000;
}

int connections_open(void)
{
    return atomic_load(&open_now.count);
}
