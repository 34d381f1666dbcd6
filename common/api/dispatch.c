#include "dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>
#include <unistd.h>

#include "authenticate.h"
#include "clock.h"
#include "config.h"
#include "connections.h"
#include "crash.h"
#include "feed.h"
#include "health.h"
#include "idempotency.h"
#include "log.h"
#include "metrics.h"
#include "metrics_page.h"
#include "request.h"
#include "request_checks.h"
#include "resource.h"
#include "response.h"
#include "server.h"
#include "sql.h"
#include "sse.h"
#include "trace.h"
#include "transaction.h"
#include "validate.h"

enum {
    TARGET_MAX = 8192,
    WAIT_SECONDS_MAX = 10,
    IN_FLIGHT_MAX = 1024,
    EMPTYING_MS = 1000,
    SENDING_MS = 1000
};

static struct server *server;
static atomic_bool emptying, draining; /* see http_drain() */

/* --- parse → route → authenticate → authorise → validate ----------------------------------------------- */

static void read_preferences(struct request *r)
{
    const char *prefer = header(r, "Prefer"), *wait = prefer ? strstr(prefer, "wait=") : NULL;
    const char *accept = header(r, "Accept");

    r->if_match = header(r, "If-Match");
    r->if_none_match = header(r, "If-None-Match");
    r->last_event_id = header(r, "Last-Event-ID");
    r->streams = accept && strstr(accept, "text/event-stream");
    r->wait_seconds = wait ? (int)strtol(wait + 5, NULL, 10) : 0;
    if (r->wait_seconds < 0 || r->wait_seconds > WAIT_SECONDS_MAX)
        r->wait_seconds = WAIT_SECONDS_MAX;
}

static int parse(struct work *w, struct request *r)
{
    const char *trace = trace_of(w->arena, header(r, "traceparent")), *wrong;

    if (trace)
        w->trace = trace;
    TRY(check_headers(w));
    wrong = strlen(r->target) > TARGET_MAX ? "is too long" : request_target(w, r, r->target);
    if (wrong)
        return http_error(w, 400, "request.target", "The request target %s.", wrong);
    read_preferences(r);
    return OK;
}

static int find_route(struct work *w, struct request *r)
{
    char allowed[64];
    const struct bound_route *route = route_match(r->method, r->segments, r->segment_count, allowed);
    const char *dry = query_var(w, "dry_run");

    if (!route && !*allowed)
        return http_error(w, 404, "route.unknown",
                          "This path does not exist. GET /openapi.json lists the paths.");
    if (!route) {
        response_header(w, "Allow", allowed);
        return http_error(w, 405, "route.method", "This path supports %s.", allowed);
    }
    request_take_route(w, r, route);
    w->writes = strcmp(route->row.method, "GET") != 0;
    w->dry_run = w->writes && dry && (!strcmp(dry, "1") || !strcmp(dry, "true"));
    return OK;
}

/* Overload is refused before anything that costs more than reading the request. */
static int admit(struct work *w)
{
    if (!atomic_load(&draining) && metrics_value(HTTP_IN_FLIGHT) <= IN_FLIGHT_MAX && !sql_congested())
        return OK;
    return fail(w, BUSY, "service.overloaded", "The service is overloaded. Try again in a moment.");
}

static int prepare(struct work *w, struct request *r)
{
    TRY(parse(w, r));
    TRY(find_route(w, r));
    TRY(admit(w));
    TRY(authenticate(w));
    TRY(authorise(w));
    return validate(w);
}

/* --- run → reply --------------------------------------------------------------------------------------- */

/* A constraint may have a handler of its own for the request that it refused, which runs in a new
 * transaction. */
static int recover(struct work *w)
{
    const struct constraint *c = sql_constraint_named(w->constraint);

    if (!c || !c->recover)
        return w->fault;
    work_reset(w);
    return work_run(w, c->recover, idempotency_store);
}

static void run(struct work *w, const struct request *r)
{
    int fault;

    crash_point("request.parsed");
    fault = work_run(w, r->route->row.handler, idempotency_store);
    if (fault != OK && w->constraint)
        fault = recover(w);
    if (fault != OK &&
        !transaction_refused(w)) /* else there is no connection to look for a stored response either */
        fault = idempotency_replay(w);
    count_wrong_link(w);
    if (fault == OK && r->waiting_for)
        resource_wait(w, r->route->resource, r->waiting_for, r->wait_seconds);
    sql_release(w);
}

static int respond(struct work *w, struct request *r, struct _u_response *p)
{
    if (prepare(w, r) == OK) {
        if (!r->streams || r->route->row.handler != feed_get)
            run(w, r);
        else if (sse_start(w, p) == OK)
            return 200;
    }
    if (atomic_load(&emptying))
        response_header(w, "Connection", "close");
    return response_write(w, p);
}

static int serve(const struct _u_request *q, struct _u_response *p)
{
    int64_t began = clock_us();
    struct request r = {0};
    struct work w;
    int status;

    metrics_change(HTTP_IN_FLIGHT, 1);
    work_begin(&w, REQUEST, "anonymous");
    w.writes = false;
    request_open(&w, &r, q);
    status = respond(&w, &r, p);
    crash_point("request.answered");
    metrics_request(r.route, status, clock_us() - began);
    if (status >= 500 && status != 503)
        log_error(w.trace, "request.failed", "%s %s: %d %s", r.method, r.route ? r.route->row.path : "?",
                  status, w.code ? w.code : "");
    work_end(&w);
    metrics_change(HTTP_IN_FLIGHT, -1);
    return U_CALLBACK_COMPLETE;
}

/* --- start and stop ------------------------------------------------------------------------------------ */

bool http_start(const char *address, int port)
{
    const struct server_settings settings = {
        .address = address,
        .port = port,
        .connections = (int)config_int("CONNECTIONS", 2048),
        .connections_per_address = (int)config_int("CONNECTIONS_PER_ADDRESS", 1024),
        .body_max = BODY_MAX,
        .request_seconds = (int)config_int("REQUEST_SECONDS", 30),
        .serve = serve,
    };

    server = server_start(&settings);
    if (!server)
        log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return server;
}

static int in_flight(void)
{
    return (int)metrics_value(HTTP_IN_FLIGHT);
}

static void wait_for_none(int (*count)(void), int64_t until)
{
    while (count() > 0 && clock_ms() < until)
        usleep(5000);
}

/* Accept no more connections; answer what comes on the open ones with `Connection: close`, which empties
 * them; then refuse every request; and when all are done and their responses sent, stop. Requests that
 * take longer end with the process. */
void http_drain(int seconds)
{
    int64_t until = clock_ms() + (int64_t)seconds * 1000;

    atomic_store(&emptying, true);
    server_stop_accepting(server);
    sse_stop();
    wait_for_none(connections_open, clock_ms() + EMPTYING_MS);
    wait_for_none(in_flight, until);
    atomic_store(&draining, true);
    wait_for_none(in_flight, until);
    wait_for_none(connections_responding, clock_ms() + SENDING_MS);
    if (in_flight() == 0)
        server_stop(server);
}
