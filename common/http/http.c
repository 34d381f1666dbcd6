#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>
#include <unistd.h>

#include "answer.h"
#include "caller.h"
#include "clock.h"
#include "config.h"
#include "connections.h"
#include "crash.h"
#include "guard.h"
#include "idempotency.h"
#include "log.h"
#include "metrics.h"
#include "peer.h"
#include "request.h"
#include "resource.h"
#include "service.h"
#include "sql.h"
#include "sse.h"
#include "trace.h"

/* For a request's head and its answer's, more than gateways let through (15 KiB); libmicrohttpd clears all of it after
 * every request. */
enum { CONNECTION_MEMORY = 24 * 1024 };

enum {
    IDLE_SECONDS = 15,
    WAIT_SECONDS_MAX = 10,
    IN_FLIGHT_MAX = 1024,
    EMPTYING_MS = 1000,
    LAST_BYTES_MS = 100,
};

static struct _u_instance instance;
static const struct service *served;
static atomic_int in_flight;
static atomic_bool emptying, draining;

/* --- reading a request --------------------------------------------------------------------------------- */

static int read_trace(struct work *w, const struct _u_request *q)
{
    const char *trace = trace_of(w->arena, header(q, "traceparent"));

    if (trace)
        w->trace = trace;
    return OK;
}

/* A path variable `id` or `…_id` names something by its UUID: anything else cannot be there. */
static int check_ids(struct work *w, const struct request *r)
{
    for (int i = 0; i < r->route->count; i++) {
        const char *s = r->route->segments[i];
        size_t n = strlen(s);

        if (*s != '{' || n < 4 || strcmp(s + n - 3, "id}") != 0 || (s[n - 4] != '{' && s[n - 4] != '_'))
            continue;
        if (!field_text_fits(UUID, r->segments[i]))
            return fail(w, NOT_FOUND, "resource.not_found",
                        "There is no such thing, or it is not yours to see.");
    }
    return OK;
}

static int find_route(struct work *w, const struct _u_request *q, struct request *r)
{
    const char *wrong;
    char allowed[64];

    wrong = strlen(q->http_url) > 8192 ? "is too long" : request_target(w, r, q->http_url);
    if (wrong)
        return refuse(w, 400, "request.target", "The request target %s.", wrong);
    r->route = route_match(q->http_verb, r->segments, r->segment_count, allowed);
    if (r->route)
        return OK;
    if (!*allowed)
        return refuse(w, 404, "route.unknown",
                      "There is no such path here. GET /openapi.json lists what there is.");
    answer_header(w, "Allow", allowed);
    return refuse(w, 405, "route.method", "This path knows %s.", allowed);
}

static int read_headers(struct work *w, const struct _u_request *q, struct request *r)
{
    const char *prefer = header(q, "Prefer"), *wait = prefer ? strstr(prefer, "wait=") : NULL;
    const char *accept = header(q, "Accept"), *dry = request_query_var(r, "dry_run");

    r->if_match = header(q, "If-Match");
    r->if_none_match = header(q, "If-None-Match");
    r->last_event_id = header(q, "Last-Event-ID");
    r->streams = accept && strstr(accept, "text/event-stream");
    r->wait_seconds = wait ? (int)strtol(wait + 5, NULL, 10) : 0;
    if (r->wait_seconds < 0 || r->wait_seconds > WAIT_SECONDS_MAX)
        r->wait_seconds = WAIT_SECONDS_MAX;
    w->writes = strcmp(r->route->row.method, "GET") != 0;
    w->dry_run = w->writes && dry && (!strcmp(dry, "1") || !strcmp(dry, "true"));
    return OK;
}

/* The query string of a GET route with fields of its own becomes its input. */
static int read_query(struct work *w, const struct request *r)
{
    json_t *in = arena_owns(w->arena, json_object(), (void (*)(void *))json_decref);

    if (r->route->row.handler == resource_list)
        return OK;
    for (int i = 0; i < r->query_count; i++) {
        const char *name = r->query[i].name, *value = r->query[i].value;
        const struct field *f = r->route->row.fields;

        if (strcmp(name, "dry_run") == 0 && w->writes) {
            if (!field_text_fits(BOOLEAN, value) && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
                fault_at(w, "?dry_run", "query.format", "dry_run is 1 or 0, true or false.");
            continue;
        }
        while (f && f->name && strcmp(f->name, name) != 0)
            f++;
        if (w->writes || !f || !f->name)
            fault_at(w, textf(w, "?%s", name), "query.unknown", "There is no such parameter here.");
        else if ((f->type == INTEGER || f->type == QUANTITY || f->type == MONEY) &&
                 field_text_fits(INTEGER, value))
            json_object_set_new(in, name, json_integer(strtoll(value, NULL, 10)));
        else
            json_object_set_new(in, name, json_string(value));
    }
    if (!w->writes) {
        w->in = in;
        field_check_query(w, in, r->route->row.fields);
    }
    w->status = w->error_count ? 400 : 0;
    return failed_if_any(w, "query.invalid", "The query string has faults.");
}

static int read_body(struct work *w, const struct _u_request *q, struct request *r)
{
    const char *bytes = q->binary_body, *why;
    size_t length = q->binary_body_length;

    if (!w->writes)
        return OK;
    TRY(guard_body(w, q, r->route->row.raw));
    if (r->route->row.raw) {
        r->body = bytes;
        r->body_length = length;
        return OK;
    }
    if (!length && !r->route->row.fields) {
        bytes = "{}";
        length = 2;
    }
    r->digest = idempotency_digest(w, q->http_verb, q->http_url, bytes, length);
    w->in = json_parse(bytes, length, &why);
    if (!w->in)
        return refuse(w, 400, "body.malformed", "The body %s.", why);
    arena_owns(w->arena, w->in, (void (*)(void *))json_decref);
    if (!json_is_object(w->in))
        return refuse(w, 400, "body.malformed", "The body must be a JSON object.");
    field_check(w, w->in, r->route->row.fields, false);
    return failed_if_any(w, "body.invalid", "The body has faults: errors[] names every one.");
}

static int prepare(struct work *w, const struct _u_request *q, struct request *r)
{
    r->method = q->http_verb;
    r->address = peer_address(w, q);
    TRY(read_trace(w, q));
    TRY(guard_headers(w, q));
    TRY(find_route(w, q, r));
    if (atomic_load(&draining) || atomic_load(&in_flight) > IN_FLIGHT_MAX || sql_congested())
        return fail(w, BUSY, "service.overloaded", "Too much is going on right now. Try again in a moment.");
    TRY(caller_check(w, q));
    TRY(check_ids(w, r));
    TRY(read_headers(w, q, r));
    TRY(read_query(w, r));
    TRY(read_body(w, q, r));
    return idempotency_key(w, header(q, "Idempotency-Key"));
}

/* --- running it ---------------------------------------------------------------------------------------- */

/* Refused by a named constraint that has an answer of its own: that answer is given in a new transaction. */
static int recover(struct work *w)
{
    const struct constraint *c = w->service->constraints;

    while (c && c->name && (!w->constraint || strcmp(c->name, w->constraint) != 0))
        c++;
    if (!c || !c->name || !c->recover)
        return w->fault;
    work_again(w);
    return work_run(w, c->recover, idempotency_store);
}

static void run(struct work *w, const struct request *r)
{
    int fault;

    crash_point("request.parsed");
    fault = work_run(w, r->route->row.handler, idempotency_store);

    if (fault != OK && w->constraint)
        fault = recover(w);
    if (fault != OK && !w->turned_away) /* else there is no connection for that question either */
        fault = idempotency_replay(w);
    caller_found(w);
    if (fault == OK && w->waiting_for)
        resource_wait(w, r->route->resource, w->waiting_for, r->wait_seconds);
}

static int serve(const struct _u_request *q, struct _u_response *p, void *unused)
{
    int64_t began = clock_us();
    struct request r = {0};
    struct work w;

    (void)unused;
    atomic_fetch_add(&in_flight, 1);
    work_begin(&w, served, REQUEST, "anonymous");
    w.writes = false;
    w.request = &r;
    if (prepare(&w, q, &r) == OK) {
        if (r.streams && r.route->row.handler == event_feed) {
            sse_start(&w, p);
            connections_endless();
        } else {
            run(&w, &r);
        }
    }
    if (atomic_load(&emptying))
        answer_header(&w, "Connection", "close");
    answer(&w, p);
    crash_point("request.answered");
    metrics_request(r.route, (int)p->status, clock_us() - began);
    if (p->status >= 500 && p->status != 503)
        log_error(w.trace, "request.failed", "%s %s: %ld %s", q->http_verb, r.route ? r.route->row.path : "?",
                  p->status, w.code ? w.code : "");
    work_end(&w);
    atomic_fetch_sub(&in_flight, 1);
    return U_CALLBACK_CONTINUE;
}

int http_in_flight(void)
{
    return atomic_load(&in_flight);
}

/* --- the daemon ---------------------------------------------------------------------------------------- */

/* libmicrohttpd's own complaints (broken requests) are counted, not logged: they hold what the client sent. */
static void parser_complaint(void *cls, const char *fmt, va_list args)
{
    (void)cls, (void)fmt, (void)args;
    metrics_parser_complaint();
}

bool http_start(const struct service *s, const char *address, int port)
{
    struct sockaddr_in at;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)parser_complaint, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)connections_completed, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connections_notify, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)connections_uri, NULL},
        {MHD_OPTION_SOCK_ADDR, 0, &at},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, config_int("CONNECTIONS", 2048), NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, config_int("CONNECTIONS_PER_ADDRESS", 1024), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024, NULL},
        {MHD_OPTION_LISTENING_ADDRESS_REUSE, 1, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, 256 * 1024, NULL},
        {MHD_OPTION_END, 0, NULL}};

    served = s;
    connections_start((int)config_int("REQUEST_SECONDS", 30));
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
        ulfius_init_instance(&instance, (unsigned)port, NULL, NULL) != U_OK)
        return false;
    instance.max_post_body_size = BODY_MAX + 1;
    instance.allowed_post_processor = U_POST_PROCESS_NONE;
    ulfius_set_default_endpoint(&instance, serve, NULL);
    if (ulfius_start_framework_with_mhd_options(&instance,
                                                MHD_USE_THREAD_PER_CONNECTION |
                                                    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                                                    MHD_USE_ITC | MHD_USE_ERROR_LOG,
                                                options) == U_OK)
        return true;
    log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return false;
}

static unsigned connections(void)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(instance.mhd_daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info ? info->num_connections : 0;
}

static void wait_until_idle(int64_t until)
{
    while (atomic_load(&in_flight) > 0 && clock_ms() < until)
        usleep(5000);
}

/* ulfius drops the replies that are on their way when it stops. So: take no new connections; answer what comes on
 * the open ones with `Connection: close`, which empties them; then refuse without doing anything, and when nothing
 * is under way any more, stop. */
void http_drain(int seconds)
{
    int64_t until = clock_ms() + (int64_t)seconds * 1000, busy_until = clock_ms() + EMPTYING_MS;
    MHD_socket listening = MHD_quiesce_daemon(instance.mhd_daemon);

    atomic_store(&emptying, true);
    sse_stop();
    while (connections() > 0 && clock_ms() < busy_until)
        usleep(5000);
    wait_until_idle(until);
    atomic_store(&draining, true);
    wait_until_idle(until);
    usleep(LAST_BYTES_MS * 1000);
    ulfius_stop_framework(&instance);
    ulfius_clean_instance(&instance);
    connections_stop();
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
}
