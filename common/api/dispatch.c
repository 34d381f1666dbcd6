#include "dispatch.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authenticate.h"
#include "client_address.h"
#include "clock.h"
#include "connections.h"
#include "crash.h"
#include "crew.h"
#include "exchange.h"
#include "feed.h"
#include "health.h"
#include "idempotency.h"
#include "log.h"
#include "loop.h"
#include "metrics_page.h"
#include "request_checks.h"
#include "resource.h"
#include "response.h"
#include "sql.h"
#include "sse.h"
#include "trace.h"
#include "transaction.h"

enum {
    WAIT_SECONDS_MAX = 10,
    IN_FLIGHT_MAX = 1024,
    EMPTYING_MS = 1000,
    LAST_BYTES_MS = 100,
};

static atomic_int in_flight;
static atomic_bool emptying, draining;

/* --- reading a request --------------------------------------------------------------------------------- */

static int read_trace(struct work *w)
{
    const char *trace = trace_of(w->arena, header(w->request, "traceparent"));

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
            return not_found(w);
    }
    return OK;
}

static int find_route(struct work *w, struct request *r)
{
    const char *wrong;
    char allowed[64];

    wrong = strlen(r->target) > 8192 ? "is too long" : request_target(w, r, r->target);
    if (wrong)
        return http_error(w, 400, "request.target", "The request target %s.", wrong);
    r->route = route_match(r->method, r->segments, r->segment_count, allowed);
    if (r->route)
        return OK;
    if (!*allowed)
        return http_error(w, 404, "route.unknown",
                          "There is no such path here. GET /openapi.json lists what there is.");
    response_header(w, "Allow", allowed);
    return http_error(w, 405, "route.method", "This path knows %s.", allowed);
}

static bool only_reads(const struct request *r)
{
    return strcmp(r->route->row.method, "GET") == 0;
}

static int read_headers(struct work *w, struct request *r)
{
    const char *prefer = header(r, "Prefer"), *wait = prefer ? strstr(prefer, "wait=") : NULL;
    const char *accept = header(r, "Accept"), *dry = request_query_var(r, "dry_run");

    r->if_match = header(r, "If-Match");
    r->if_none_match = header(r, "If-None-Match");
    r->last_event_id = header(r, "Last-Event-ID");
    r->streams = accept && strstr(accept, "text/event-stream");
    r->wait_seconds = wait ? (int)strtol(wait + 5, NULL, 10) : 0;
    if (r->wait_seconds < 0 || r->wait_seconds > WAIT_SECONDS_MAX)
        r->wait_seconds = WAIT_SECONDS_MAX;
    w->writes = !only_reads(r);
    w->dry_run = w->writes && dry && (!strcmp(dry, "1") || !strcmp(dry, "true"));
    return OK;
}

/* The query string of a GET route with fields of its own becomes its input. */
static int read_query(struct work *w, const struct request *r)
{
    json_t *in = json_owned(w, json_object());

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

static int read_body(struct work *w, struct request *r)
{
    const char *bytes = r->body, *why;
    size_t length = r->body_length;

    if (!w->writes)
        return OK;
    TRY(check_body(w, r->route->row.raw));
    if (r->route->row.raw)
        return OK;
    if (!length && !r->route->row.fields) {
        bytes = "{}";
        length = 2;
    }
    r->digest = idempotency_digest(w, r->method, r->target, bytes, length);
    w->in = json_parse(bytes, length, &why);
    if (!w->in)
        return http_error(w, 400, "body.malformed", "The body %s.", why);
    json_owned(w, w->in);
    if (!json_is_object(w->in))
        return http_error(w, 400, "body.malformed", "The body must be a JSON object.");
    field_check(w, w->in, r->route->row.fields, false);
    return failed_if_any(w, "body.invalid", "The body has faults: errors[] names every one.");
}

/* What costs next to nothing, so that whoever cannot be served hears so at once. */
static int admit(struct work *w, struct request *r)
{
    r->address = client_address(w);
    TRY(read_trace(w));
    TRY(check_headers(w));
    TRY(find_route(w, r));
    if (atomic_load(&draining) || atomic_load(&in_flight) > IN_FLIGHT_MAX || sql_congested())
        return fail(w, BUSY, "service.overloaded", "Too much is going on right now. Try again in a moment.");
    return OK;
}

static int examine(struct work *w, struct request *r)
{
    TRY(authenticate(w));
    TRY(check_ids(w, r));
    TRY(read_headers(w, r));
    TRY(read_query(w, r));
    TRY(read_body(w, r));
    return idempotency_key(w, header(r, "Idempotency-Key"));
}

/* --- running it ---------------------------------------------------------------------------------------- */

/* Refused by a named constraint that has an answer of its own: that answer is given in a new transaction. */
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
    if (fault != OK && !transaction_refused(w)) /* else there is no connection for that question either */
        fault = idempotency_replay(w);
    count_wrong_link(w);
    if (fault == OK && r->waiting_for)
        resource_wait(w, r->route->resource, r->waiting_for, r->wait_seconds);
}

/* --- who does it --------------------------------------------------------------------------------------- */

static void finish(struct exchange *x)
{
    struct work *w = &x->work;
    const struct bound_route *route = x->request.route;

    if (atomic_load(&emptying))
        response_header(w, "Connection", "close");
    if (!x->response)
        x->response = response_make(w, &x->status);
    sql_release(w);
    crash_point("request.answered");
    metrics_request(route, (int)x->status, clock_us() - x->began);
    if (x->status >= 500 && x->status != 503)
        log_error(w->trace, "request.failed", "%s %s: %u %s", x->request.method,
                  route ? route->row.path : "?", x->status, w->code ? w->code : "");
    loop_answer(x);
    atomic_fetch_sub(&in_flight, 1);
}

/* Whatever may wait: for the database, for a lock, for what the others do. */
static void by_crew(struct task *task)
{
    struct exchange *x = (struct exchange *)((char *)task - offsetof(struct exchange, task));

    if (only_reads(&x->request) || examine(&x->work, &x->request) == OK)
        run(&x->work, &x->request);
    finish(x);
}

/* On the loop's thread, which nothing may hold up. */
static void serve(struct exchange *x)
{
    struct work *w = &x->work;
    struct request *r = &x->request;

    atomic_fetch_add(&in_flight, 1);
    x->began = clock_us();
    x->task.run = by_crew;
    if (admit(w, r) != OK || (only_reads(r) && examine(w, r) != OK)) {
        finish(x);
    } else if (r->streams && r->route->row.handler == feed_get) {
        sse_start(x);
        finish(x);
    } else {
        crew_do(&x->task);
    }
}

int http_in_flight(void)
{
    return atomic_load(&in_flight);
}

/* --- beginning and end --------------------------------------------------------------------------------- */

bool http_start(const char *address, int port)
{
    if (crew_start(IN_FLIGHT_MAX) && loop_start(address, port, serve))
        return true;
    log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return false;
}

static void wait_until_idle(int64_t until)
{
    while (atomic_load(&in_flight) > 0 && clock_ms() < until)
        usleep(5000);
}

/* Take no new connections; answer what comes on the open ones with `Connection: close`, which empties them; then refuse
 * without doing anything, and when nothing is under way any more, stop. What still is when the time is over ends with
 * the process. */
void http_drain(int seconds)
{
    int64_t until = clock_ms() + (int64_t)seconds * 1000, busy_until = clock_ms() + EMPTYING_MS;

    atomic_store(&emptying, true);
    loop_close_door();
    sse_stop();
    while (connections_open() > 0 && clock_ms() < busy_until)
        usleep(5000);
    wait_until_idle(until);
    atomic_store(&draining, true);
    wait_until_idle(until);
    usleep(LAST_BYTES_MS * 1000);
    if (atomic_load(&in_flight) > 0)
        return;
    crew_stop();
    loop_stop();
}
