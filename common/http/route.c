#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asyncapi.h"
#include "audit.h"
#include "dead_letter.h"
#include "import.h"
#include "openapi.h"
#include "outbox.h"
#include "problem.h"
#include "resource.h"
#include "service.h"
#include "worklist.h"

static struct bound_route bound[ROUTES_MAX];
static int bound_count;

/* Routes that every service has. */
static const struct route common_routes[] = {
    {"GET", "/v1/events", "events:read", event_feed_fields, event_feed, 200,
     "The event feed, from a position"},
    {"GET", "/v1/work", "", worklist_fields, worklist_get, 200, "Open work of my roles, by deadline"},
    {"GET", "/v1/dead-letters", "ops:read", NULL, dead_letter_list, 200, "Events that could not be applied"},
    {"POST", "/v1/dead-letters/{id}/retry", "ops:write", NULL, dead_letter_retry, 200, "Apply it again"},
    {"POST", "/v1/dead-letters/{id}/discard", "ops:write", dead_letter_fields, dead_letter_discard, 200,
     "Give it up, with a reason"},
    {"GET", "/v1/audit/head", "ops:read", NULL, audit_head, 200,
     "The end of the event log's hash chain: keep it elsewhere"},
    {"GET", "/v1/audit/verify", "ops:read", audit_verify_fields, audit_verify, 200,
     "Walk the hash chain of the event log, past a head kept elsewhere"},
    {"GET", "/problems", NULL, NULL, problem_list, 200, "What can be refused, by code"},
    {"GET", "/problems/{code}", NULL, NULL, problem_get, 200, "What a problem's type means"},
    {"GET", "/openapi.json", NULL, NULL, openapi_get, 200, "This description"},
    {"GET", "/asyncapi.json", NULL, NULL, asyncapi_get, 200, "The events it says and hears"},
    {0},
};

static const struct resource *resource_of(const struct service *s, const struct bound_route *b)
{
    /* A list below another resource (/v1/stock/{sku}/movements) is of its last segment. */
    int place = b->row.handler == resource_list ? b->count - 1 : 1;

    for (const struct resource *r = s->resources; r && r->name; r++) {
        if (b->count >= 2 && strcmp(b->segments[place], r->name) == 0)
            return r;
    }
    return NULL;
}

static void bind(const struct service *s, struct route row, const struct resource *resource)
{
    struct bound_route *b = &bound[bound_count];
    char *rest = b->text;

    if (bound_count == ROUTES_MAX || strlen(row.path) >= sizeof b->path) {
        fprintf(stderr, "more than %d routes, or a path too long: %s\n", ROUTES_MAX, row.path);
        abort();
    }
    bound_count++;
    b->row = row;
    snprintf(b->path, sizeof b->path, "%s", row.path);
    snprintf(b->text, sizeof b->text, "%s", row.path + 1);
    b->row.path = b->path;
    while (b->count < SEGMENTS_MAX && (b->segments[b->count] = strsep(&rest, "/")))
        b->count++;
    b->resource = resource ? resource : resource_of(s, b);
}

static void bind_one(const struct service *s, const struct resource *r, const char *tail,
                     int (*handler)(struct work *), const char *summary)
{
    char path[128];

    snprintf(path, sizeof path, "/v1/%s%s", r->name, tail);
    bind(s, (struct route){"GET", path, r->read, NULL, handler, 200, summary}, r);
}

static void bind_resource(const struct service *s, const struct resource *r)
{
    char one[64], timeline[80];

    snprintf(one, sizeof one, "/{%s}", resource_key(r));
    snprintf(timeline, sizeof timeline, "%s/timeline", one);
    bind_one(s, r, "", resource_list, "List, filtered and sorted");
    bind_one(s, r, one, resource_one, "One of them");
    if (r->aggregate)
        bind_one(s, r, timeline, event_timeline, "What happened to it");
}

void route_bind(const struct service *s)
{
    for (const struct route *r = s->routes; r && r->path; r++)
        bind(s, *r, NULL);
    for (const struct resource *r = s->resources; r && r->name; r++)
        bind_resource(s, r);
    for (const struct route *r = import_routes; s->imports && r->path; r++)
        bind(s, *r, NULL);
    for (const struct route *r = common_routes; r->path; r++)
        bind(s, *r, NULL);
}

const struct bound_route *route_all(int *count)
{
    *count = bound_count;
    return bound;
}

static bool meets(const struct bound_route *b, char **segments, int count)
{
    if (b->count != count)
        return false;
    for (int i = 0; i < count; i++) {
        if (b->segments[i][0] == '{' ? !*segments[i] : strcmp(b->segments[i], segments[i]) != 0)
            return false;
    }
    return true;
}

const struct bound_route *route_match(const char *method, char **segments, int count, char allowed[64])
{
    size_t room = 64;

    allowed[0] = '\0';
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (int i = 0; i < bound_count; i++) {
        if (!meets(&bound[i], segments, count))
            continue;
        if (strcmp(bound[i].row.method, method) == 0)
            return &bound[i];
        if (!strstr(allowed, bound[i].row.method))
            snprintf(allowed + strlen(allowed), room - strlen(allowed), "%s%s", *allowed ? ", " : "",
                     bound[i].row.method);
    }
    return NULL;
}
