#include "response.h"

#include <string.h>
#include <ulfius.h>

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
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not found";
    case 405:
        return "Method not allowed";
    case 409:
        return "Conflict";
    case 412:
        return "Precondition failed";
    case 413:
        return "Payload too large";
    case 415:
        return "Unsupported media type";
    case 422:
        return "Invalid input";
    case 429:
        return "Too many requests";
    case 503:
        return "Service unavailable";
    default:
        return "Internal server error";
    }
}

void response_header(struct work *w, const char *name, const char *value)
{
    struct request *r = w->request;

    if (r->response_header_count < RESPONSE_HEADERS_MAX)
        r->response_headers[r->response_header_count++] =
            (struct header){name, arena_copy(w->arena, value, strlen(value))};
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

/* The client has this very version. */
static bool is_not_modified(const struct work *w)
{
    const char *known = w->request->if_none_match;

    return !w->fault && known && w->etag && strcmp(known, w->etag) == 0 && !w->writes;
}

static void put(struct _u_response *p, const char *name, const char *value)
{
    u_map_put(p->map_header, name, value);
}

static void put_headers(struct work *w, struct _u_response *p)
{
    const struct request *r = w->request;

    for (int i = 0; i < r->response_header_count; i++)
        put(p, r->response_headers[i].name, r->response_headers[i].value);
    put(p, "X-Request-Id", w->trace);
    put(p, "X-Content-Type-Options", "nosniff");
    put(p, "Cache-Control", r->cache && !w->fault ? r->cache : "no-store");
}

static const char *type_of(const struct work *w, int status)
{
    if (status >= 400)
        return "application/problem+json";
    return w->request->reply_type ? w->request->reply_type : "application/json";
}

int response_write(struct work *w, struct _u_response *p)
{
    const char *body = response_body(w);
    int status = is_not_modified(w) ? 304 : response_status(w);

    put_headers(w, p);
    put(p, "Content-Type", type_of(w, status));
    if (w->etag)
        put(p, "ETag", w->etag);
    if (w->location && status == 201)
        put(p, "Location", w->location);
    if (status == 503)
        put(p, "Retry-After", "1");
    if (w->dry_run)
        put(p, "Preference-Applied", "dry-run");
    p->status = status;
    if (status != 304)
        ulfius_set_binary_body_response(p, (unsigned)status, body, strlen(body));
    return status;
}

void response_write_stream(struct work *w, struct _u_response *p, const char *type)
{
    put_headers(w, p);
    put(p, "Content-Type", type);
}
