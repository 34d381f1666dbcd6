#include "loop.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "connections.h"
#include "exchange.h"
#include "metrics.h"
#include "thread.h"

/* For a request's head and its answer's, more than gateways let through (15 KiB); libmicrohttpd clears all of it after
 * every request. */
enum { CONNECTION_MEMORY = 24 * 1024 };

enum { IDLE_SECONDS = 15, LOOK_MS = 250 };

static struct {
    void (*serve)(struct exchange *);
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int wake, epoll;
    atomic_bool resumed, closing, stopping;
} loop;

/* --- what libmicrohttpd tells -------------------------------------------------------------------------- */

/* Its complaints (broken requests) are counted, not logged: they hold what the client sent. */
static void complaint(void *unused, const char *fmt, va_list args)
{
    (void)unused, (void)fmt, (void)args;
    metrics_add(PARSER_COMPLAINTS, 1);
}

/* The target is taken here: what comes later has its escapes decoded, and what follows an escaped NUL is lost. */
static void *on_target(void *unused, const char *target, struct MHD_Connection *c)
{
    (void)unused, (void)c;
    return exchange_new(target);
}

static void on_end(void *unused, struct MHD_Connection *c, void **exchange,
                   enum MHD_RequestTerminationCode code)
{
    (void)unused, (void)code;
    connections_answered(c);
    if (*exchange)
        exchange_free(*exchange);
    *exchange = NULL;
}

/* With the head, with every piece of the body, twice when all is there, and when it goes on with its answer. Not suspended
 * the first time: libmicrohttpd would still be set to read, and on going on take a client who says that nothing more comes
 * for one who left. Left alone once, it is set to wait for us. */
static enum MHD_Result on_request(void *unused, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *body, size_t *length, void **exchange)
{
    struct exchange *x = *exchange;

    (void)unused, (void)url, (void)version;
    if (!x)
        return MHD_NO;
    if (x->response)
        return MHD_queue_response(c, x->status, x->response);
    if (x->began) /* there was no memory for an answer */
        return MHD_NO;
    if (!x->connection) {
        exchange_begin(x, c, method);
    } else if (*length) {
        if (!exchange_take(x, body, *length))
            return MHD_NO;
        *length = 0;
    } else if (!x->whole) {
        x->whole = true;
    } else {
        if (!exchange_complete(x))
            return MHD_NO;
        MHD_suspend_connection(c);
        loop.serve(x);
    }
    return MHD_YES;
}

/* --- the thread ---------------------------------------------------------------------------------------- */

static void wake(void)
{
    uint64_t one = 1;

    (void)!write(loop.wake, &one, sizeof one);
}

/* libmicrohttpd does not wake an outer loop itself, nor shorten the time it may wait. */
void loop_resume(struct MHD_Connection *c)
{
    MHD_resume_connection(c);
    if (!atomic_exchange(&loop.resumed, true) && !pthread_equal(pthread_self(), loop.thread))
        wake();
}

void loop_answer(struct exchange *x)
{
    loop_resume(x->connection);
}

static void woken(void)
{
    uint64_t count;

    (void)!read(loop.wake, &count, sizeof count);
}

static void close_door(void)
{
    MHD_socket door = MHD_quiesce_daemon(loop.daemon);

    if (door != MHD_INVALID_SOCKET)
        close(door);
}

static int pause_ms(void)
{
    unsigned long long timeout;
    int ms = LOOK_MS;

    if (atomic_load(&loop.resumed))
        return 0;
    if (MHD_get_timeout(loop.daemon, &timeout) == MHD_YES && timeout < (unsigned long long)ms)
        return (int)timeout;
    return ms;
}

static void turn(void)
{
    struct pollfd ready[2] = {{loop.wake, POLLIN, 0}, {loop.epoll, POLLIN, 0}};

    poll(ready, 2, pause_ms());
    if (ready[0].revents)
        woken();
    atomic_store(&loop.resumed, false);
    MHD_run(loop.daemon);
}

static void *run(void *unused)
{
    int64_t next_look = 0;
    bool open = true;

    (void)unused;
    thread_set_name("loop");
    while (!atomic_load(&loop.stopping)) {
        turn();
        if (open && atomic_load(&loop.closing)) {
            close_door();
            open = false;
        }
        if (clock_ms() >= next_look) {
            connections_cut_off_the_late();
            next_look = clock_ms() + LOOK_MS;
        }
    }
    MHD_stop_daemon(loop.daemon);
    return NULL;
}

/* --- from outside -------------------------------------------------------------------------------------- */

/* Our own loop around libmicrohttpd's epoll: its own one waits, with whoever was ready, when exactly 128 were. */
static bool start_daemon(const struct sockaddr_in *at)
{
    const union MHD_DaemonInfo *info;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)complaint, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_end, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connections_notify, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, NULL},
        {MHD_OPTION_SOCK_ADDR, 0, (void *)(intptr_t)at},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, config_int("CONNECTIONS", 2048), NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, config_int("CONNECTIONS_PER_ADDRESS", 1024), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024, NULL},
        {MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL},
        {MHD_OPTION_END, 0, NULL}};

    loop.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
                                   NULL, on_request, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    info = loop.daemon ? MHD_get_daemon_info(loop.daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    loop.epoll = info ? info->epoll_fd : -1;
    return info;
}

bool loop_start(const char *address, int port, void (*serve)(struct exchange *))
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    loop.serve = serve;
    loop.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    connections_start((int)config_int("REQUEST_SECONDS", 30));
    return loop.wake >= 0 && inet_pton(AF_INET, address, &at.sin_addr) == 1 && start_daemon(&at) &&
           pthread_create(&loop.thread, NULL, run, NULL) == 0;
}

void loop_close_door(void)
{
    atomic_store(&loop.closing, true);
    wake();
}

void loop_stop(void)
{
    atomic_store(&loop.stopping, true);
    wake();
    pthread_join(loop.thread, NULL);
    close(loop.wake);
}
