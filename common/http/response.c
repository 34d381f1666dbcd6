#include "response.h"

#include <microhttpd.h>
#include <string.h>

#include "request.h"

/* The one table that turns a fault into an HTTP status. */
static const int status_of[] = {[OK] = 200,       [INVALID] = 422, [FORBIDDEN] = 403, [NOT_FOUND] = 404,
                                [CONFLICT] = 409, [BUSY] = 503,    [BROKEN] = 500};

const char *status_title(int status)
{
    switch (status) {
    case 400:
        return "Bad request";
    case 401:
        return "Who are you?";
    case 403:
        return "Not allowed";
    case 404:
        return "Not found";
    case 405:
        return "Method not allowed";
    case 409:
        return "Conflict";
    case 412:
    case 428:
        return "Version conflict";
    case 413:
        return "Too large";
    case 415:
        return "Media type not supported";
    case 422:
        return "Invalid input";
    case 429:
        return "Too many requests";
    case 503:
        return "Try again later";
    default:
        return "Internal error";
    }
}

void response_header(struct work *w, const char *name, const char *value)
{
    struct request *r = w->request;

    if (r->response_header_count < RESPONSE_HEADERS_MAX)
        r->response_headers[r->response_header_count++] =
            (struct name_value){name, arena_copy(w->arena, value, strlen(value))};
}

int http_error(struct work *w, int status, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(w, INVALID, code, "%s", arena_vformat(w->arena, format, args));
    va_end(args);
    w->status = status;
    return INVALID;
}

int response_status(const struct work *w)
{
    enum fault fault = w->fault ? w->fault : w->refused;

    if (fault)
        return w->status >= 400 ? w->status : status_of[fault];
    if (w->status)
        return w->status;
    return w->request->route ? w->request->route->row.status : 200;
}

const char *response_problem(struct work *w)
{
    struct text t = text_new(w->arena);
    int status = response_status(w);

    text_addf(&t, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\",\"detail\":",
              w->code, status_title(status), status, w->code);
    text_add_json(&t, w->detail);
    text_addf(&t, ",\"trace_id\":\"%s\",\"errors\":[%s]}", w->trace, w->errors.bytes);
    return t.bytes;
}

const char *response_body(struct work *w)
{
    if (w->fault || w->refused)
        return response_problem(w);
    return w->reply ? w->reply : "{}";
}

static bool unchanged(const struct work *w)
{
    const char *known = w->request->if_none_match;

    return !w->fault && known && w->etag && strcmp(known, w->etag) == 0 && !w->writes;
}

static void put(struct MHD_Response *p, const char *name, const char *value)
{
    MHD_add_response_header(p, name, value);
}

static void put_all(struct work *w, struct MHD_Response *p)
{
    const struct request *r = w->request;

    for (int i = 0; i < r->response_header_count; i++)
        put(p, r->response_headers[i].name, r->response_headers[i].value);
    put(p, "X-Request-Id", w->trace);
    put(p, "X-Content-Type-Options", "nosniff");
    put(p, "Cache-Control", r->cache && !w->fault ? r->cache : "no-store");
}

struct MHD_Response *response_make(struct work *w, unsigned *status)
{
    const char *body = response_body(w);
    struct MHD_Response *p;

    *status = (unsigned)(unchanged(w) ? 304 : response_status(w));
    p = MHD_create_response_from_buffer(*status == 304 ? 0 : strlen(body), (void *)(intptr_t)body,
                                        MHD_RESPMEM_PERSISTENT);
    if (!p)
        return NULL;
    put_all(w, p);
    put(p, "Content-Type",
        *status >= 400           ? "application/problem+json"
        : w->request->reply_type ? w->request->reply_type
                                 : "application/json");
    if (w->etag)
        put(p, "ETag", w->etag);
    if (w->location && *status == 201)
        put(p, "Location", w->location);
    if (*status == 503)
        put(p, "Retry-After", "1");
    if (w->dry_run)
        put(p, "Preference-Applied", "dry-run");
    return p;
}

void response_stream(struct work *w, struct MHD_Response *p, const char *type)
{
    put_all(w, p);
    put(p, "Content-Type", type);
}
