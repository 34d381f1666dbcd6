#include "routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asyncapi.h"
#include "audit.h"
#include "consumers.h"
#include "dead_letter.h"
#include "feed.h"
#include "import.h"
#include "model.h"
#include "openapi.h"
#include "problem.h"
#include "resource.h"
#include "route.h"
#include "worklist.h"

/* Routes that every service has. */
static const struct route common_routes[] = {
    {"GET", "/v1/events", "events:read", feed_fields, feed_get, 200,
     "List events from a position, or stream them"},
    {"GET", "/v1/work", "", worklist_fields, worklist_get, 200,
     "List the open work of the caller's roles by deadline"},
    {"GET", "/v1/dead-letters", "ops:read", NULL, dead_letter_list, 200, "List dead letters"},
    {"POST", "/v1/dead-letters/{id}/retry", "ops:write", NULL, dead_letter_retry, 200, "Retry a dead letter"},
    {"GET", "/v1/consumers", "ops:read", NULL, consumer_list, 200,
     "List the consumers of other services' events"},
    {"POST", "/v1/consumers/{name}/pause", "ops:write", NULL, consumer_pause, 200, "Pause a consumer"},
    {"POST", "/v1/consumers/{name}/resume", "ops:write", NULL, consumer_resume, 200,
     "Resume a paused consumer"},
    {"POST", "/v1/consumers/{name}/replay", "ops:write", consumer_replay_fields, consumer_replay, 200,
     "Replay a consumer from the producer's event log"},
    {"POST", "/v1/dead-letters/{id}/discard", "ops:write", dead_letter_fields, dead_letter_discard, 200,
     "Discard a dead letter with a reason"},
    {"GET", "/v1/audit/head", "ops:read", NULL, audit_head, 200,
     "Get the head of the event log's hash chain"},
    {"GET", "/v1/audit/verify", "ops:read", audit_verify_fields, audit_verify, 200,
     "Verify the hash chain of the event log, optionally against a stored head"},
    {"GET", "/problems", NULL, NULL, problem_list, 200, "List problem types"},
    {"GET", "/problems/{code}", NULL, NULL, problem_get, 200, "Get a problem type"},
    {"GET", "/openapi.json", NULL, NULL, openapi_get, 200, "Get the OpenAPI description"},
    {"GET", "/asyncapi.json", NULL, NULL, asyncapi_get, 200, "Get the AsyncAPI description of the events"},
    {0},
};

/* The resource whose collection the path is in. A list below another resource (/v1/stock/{sku}/movements) is
 * of its last segment. */
static const struct resource *resource_of(const struct route *row)
{
    const char *at = row->handler == resource_list ? strrchr(row->path, '/') + 1 : row->path + strlen("/v1/");
    size_t n = strcspn(at, "/");

    for (const struct resource *r = model_resources(); r && r->name; r++) {
        if (strncmp(row->path, "/v1/", 4) == 0 && strlen(r->name) == n && strncmp(at, r->name, n) == 0)
            return r;
    }
    return NULL;
}

/* "shipment" → "a shipment" */
static const char *article(const char *title)
{
    return strchr("aeiou", *title) ? "an" : "a";
}

/* A text that lives as long as the process. */
static const char *kept(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    return text;
}

static void bind_one(const struct resource *r, const char *tail, int (*handler)(struct work *),
                     const char *summary)
{
    char path[128];

    snprintf(path, sizeof path, "/v1/%s%s", r->name, tail);
    route_add((struct route){"GET", path, r->read, NULL, handler, 200, summary}, r);
}

static void bind_resource(const struct resource *r)
{
    const char *one = kept("/{%s}", resource_key(r));

    bind_one(r, "", resource_list, r->titles ? kept("List %s", r->titles) : kept("List %ss", r->title));
    bind_one(r, one, resource_one, kept("Get %s %s", article(r->title), r->title));
    if (r->aggregate)
        bind_one(r, kept("%s/timeline", one), feed_timeline,
                 kept("List the events of %s %s", article(r->title), r->title));
}

void routes_bind(const struct route *rows, bool imports)
{
    for (const struct route *r = rows; r && r->path; r++)
        route_add(*r, resource_of(r));
    for (const struct resource *r = model_resources(); r && r->name; r++)
        bind_resource(r);
    for (const struct route *r = import_routes; imports && r->path; r++)
        route_add(*r, resource_of(r));
    for (const struct route *r = common_routes; r->path; r++)
        route_add(*r, resource_of(r));
}
