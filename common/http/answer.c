#include "answer.h"

#include <string.h>
#include <ulfius.h>

#include "request.h"

enum { HEADERS_MAX = 8 };

/* The one table that turns a fault into an HTTP status. */
static const int status_of[] = {[OK] = 200,       [INVALID] = 422, [FORBIDDEN] = 403, [NOT_FOUND] = 404,
                                [CONFLICT] = 409, [BUSY] = 503,    [BROKEN] = 500};

const char *answer_title(int status)
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

/* Headers live beside the work's thread: a work that is a request has one thread from beginning to end. */
static _Thread_local struct {
    const struct work *of;
    struct name_value rows[HEADERS_MAX];
    int count;
} extra;

void answer_header(struct work *w, const char *name, const char *value)
{
    if (extra.of != w)
        extra.count = 0;
    extra.of = w;
    if (extra.count < HEADERS_MAX)
        extra.rows[extra.count++] = (struct name_value){name, arena_copy(w->arena, value, strlen(value))};
}

int refuse(struct work *w, int status, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(w, INVALID, code, "%s", arena_vformat(w->arena, format, args));
    va_end(args);
    w->status = status;
    return INVALID;
}

int answer_status(const struct work *w)
{
    enum fault fault = w->fault ? w->fault : w->refused;

    if (fault)
        return w->status >= 400 ? w->status : status_of[fault];
    if (w->status)
        return w->status;
    return w->request->route ? w->request->route->row.status : 200;
}

const char *answer_problem(struct work *w)
{
    struct text t = text_new(w->arena);
    int status = answer_status(w);

    text_addf(&t, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\",\"detail\":",
              w->code, answer_title(status), status, w->code);
    text_add_json(&t, w->detail);
    text_addf(&t, ",\"trace_id\":\"%s\",\"errors\":[%s]}", w->trace, w->errors.bytes);
    return t.bytes;
}

const char *answer_body(struct work *w)
{
    if (w->fault || w->refused)
        return answer_problem(w);
    return w->reply ? w->reply : "{}";
}

static void put(struct _u_response *p, const char *name, const char *value)
{
    u_map_put(p->map_header, name, value);
}

static bool unchanged(const struct work *w)
{
    const char *known = w->request->if_none_match;

    return !w->fault && known && w->etag && strcmp(known, w->etag) == 0 && !w->writes;
}

void answer(struct work *w, struct _u_response *p)
{
    const char *body = answer_body(w);
    int status = unchanged(w) ? 304 : answer_status(w);

    for (int i = 0; extra.of == w && i < extra.count; i++)
        put(p, extra.rows[i].name, extra.rows[i].value);
    extra.of = NULL;
    put(p, "X-Request-Id", w->trace);
    put(p, "X-Content-Type-Options", "nosniff");
    put(p, "Cache-Control", w->request->cache && !w->fault ? w->request->cache : "no-store");
    if (p->stream_callback)
        return;
    put(p, "Content-Type",
        status >= 400            ? "application/problem+json"
        : w->request->reply_type ? w->request->reply_type
                                 : "application/json");
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
}
