#include "server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>
#include <unistd.h>

#include "connections.h"
#include "metrics.h"

/* CONNECTION_MEMORY holds the head of a request and of its response; gateways let 15 KiB through. Of the
 * stack only the pages that were used cost memory. IDLE_SECONDS may pass between two requests of a
 * connection. */
enum { CONNECTION_MEMORY = 24 * 1024, STACK = 256 * 1024, IDLE_SECONDS = 15, BACKLOG = 1024 };

struct server {
    struct _u_instance instance;
    int (*serve)(const struct _u_request *q, struct _u_response *p);
    bool deadlines;
    MHD_socket listening; /* after server_stop_accepting(); else MHD_INVALID_SOCKET */
};

/* The connection that this thread serves, from beginning to end: ulfius does not hand it to handlers. */
static _Thread_local struct connection *current;

/* --- callbacks that ulfius leaves to the options ------------------------------------------------------- */

/* libmicrohttpd's messages about malformed requests are counted, not logged: they quote what the client
 * sent. */
static void on_message(void *unused, const char *format, va_list args)
{
    (void)unused, (void)format, (void)args;
    metrics_add(PARSER_COMPLAINTS, 1);
}

/* The table's entry of a connection: ulfius has no place for it. */
static struct connection *entry_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* ulfius requires its own function here, which copies the target before libmicrohttpd decodes its escapes. */
static void *on_target(void *unused, const char *target, struct MHD_Connection *c)
{
    current = entry_of(c);
    return ulfius_uri_logger(unused, target);
}

/* ulfius requires its own function here, which frees the request. */
static void on_completed(void *unused, struct MHD_Connection *c, void **request,
                         enum MHD_RequestTerminationCode code)
{
    connection_responded(entry_of(c));
    mhd_request_completed(unused, c, request, code);
}

/* ulfius does not report when connections open and close, nor on which socket. */
static void on_connection(void *unused, struct MHD_Connection *c, void **entry,
                          enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info;

    (void)unused;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        *entry = connection_opened(info ? info->connect_fd : -1);
    } else {
        connection_closed(*entry);
    }
}

/* ulfius' one endpoint. */
static int on_request(const struct _u_request *q, struct _u_response *p, void *server)
{
    struct server *s = server;

    connection_responds(current);
    return s->serve(q, p);
}

/* --- start and stop ------------------------------------------------------------------------------------ */

/* ulfius' own start functions have no limits and use select, which cannot wait for descriptors past 1023.
 * The last option is for a server with deadlines only. */
static bool start(struct server *s, const struct server_settings *o, struct sockaddr_in *at)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_message, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, NULL},
        {MHD_OPTION_SOCK_ADDR, 0, at},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, o->connections, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->connections_per_address, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, NULL},
        {MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL},
        {s->deadlines ? MHD_OPTION_NOTIFY_CONNECTION : MHD_OPTION_END, (intptr_t)on_connection, NULL},
        {MHD_OPTION_END, 0, NULL}};

    return ulfius_start_framework_with_mhd_options(&s->instance, flags, options) == U_OK;
}

/* Without check_utf8, as ulfius would leave out headers that are not UTF-8. */
static bool prepare(struct server *s, const struct server_settings *o)
{
    if (ulfius_init_instance(&s->instance, (unsigned)o->port, NULL, NULL) != U_OK)
        return false;
    s->serve = o->serve;
    s->deadlines = o->request_seconds > 0;
    s->listening = MHD_INVALID_SOCKET;
    s->instance.check_utf8 = 0;
    s->instance.max_post_body_size = o->body_max + 1;
    s->instance.allowed_post_processor = U_POST_PROCESS_NONE;
    return ulfius_set_default_endpoint(&s->instance, on_request, s) == U_OK;
}

struct server *server_start(const struct server_settings *o)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
    struct server *s = calloc(1, sizeof *s);

    if (!s || inet_pton(AF_INET, o->address, &at.sin_addr) != 1 || !prepare(s, o)) {
        free(s);
        return NULL;
    }
    if (!start(s, o, &at)) {
        ulfius_clean_instance(&s->instance);
        free(s);
        return NULL;
    }
    if (s->deadlines)
        connections_start(o->request_seconds);
    return s;
}

/* ulfius can only stop everything at once, and drops the responses under way. */
void server_stop_accepting(struct server *s)
{
    s->listening = MHD_quiesce_daemon(s->instance.mhd_daemon);
}

void server_stop(struct server *s)
{
    ulfius_stop_framework(&s->instance);
    ulfius_clean_instance(&s->instance);
    if (s->listening != MHD_INVALID_SOCKET)
        close(s->listening);
    if (s->deadlines)
        connections_stop();
    free(s);
}

void server_streams(void)
{
    connection_streams(current);
}
