#include "request_checks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "request.h"
#include "response.h"

/* Headers that may occur once only: the values of repeated ones have been joined by a comma. */
static const char *const single_headers[] = {
    "Content-Length", "Host",        "Authorization",     "Content-Type", "Idempotency-Key",
    "If-Match",       "traceparent", "Transfer-Encoding", "Last-Event-ID"};

static bool is_token(const char *s)
{
    return *s && strspn(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                     strlen(s);
}

static int error_and_close(struct work *w, const char *detail)
{
    response_header(w, "Connection", "close");
    return http_error(w, 400, "request.ambiguous", "%s", detail);
}

int check_headers(struct work *w)
{
    const struct request *r = w->request;
    const char *coding = header(r, "Transfer-Encoding");

    for (int i = 0; i < r->header_count; i++) {
        if (!is_token(r->headers[i].name))
            return error_and_close(w, "A header name is not a token.");
    }
    for (size_t i = 0; i < COUNT(single_headers); i++) {
        const char *value = header(r, single_headers[i]);

        if (value && strchr(value, ','))
            return error_and_close(w, textf(w, "%s is repeated or contains a comma.", single_headers[i]));
    }
    if (coding && strcasecmp(coding, "chunked") != 0)
        return error_and_close(w, "Transfer-Encoding must be chunked.");
    if (coding && header(r, "Content-Length"))
        return error_and_close(w, "Content-Length and Transfer-Encoding must not both be sent.");
    return OK;
}

static bool is_json(const char *type)
{
    const char *charset;

    if (!type || strncasecmp(type, "application/json", 16) != 0 || (type[16] && !strchr("; \t", type[16])))
        return false;
    charset = strcasestr(type, "charset=");
    return !charset || !strncasecmp(charset + 8, "utf-8", 5) || !strncasecmp(charset + 8, "\"utf-8\"", 7);
}

int check_body(struct work *w, bool raw)
{
    const struct request *r = w->request;
    const char *length = header(r, "Content-Length");

    if (r->body_length > BODY_MAX || (length && strtoull(length, NULL, 10) > BODY_MAX)) {
        response_header(w, "Connection", "close");
        return http_error(w, 413, "body.too_large", "The body may have at most %d bytes.", BODY_MAX);
    }
    if (length && strtoull(length, NULL, 10) != r->body_length)
        return error_and_close(w, "The length of the body differs from Content-Length.");
    if (header(r, "Content-Encoding"))
        return http_error(w, 415, "body.encoding", "Compressed bodies are not supported.");
    if (r->body_length && !raw && !is_json(header(r, "Content-Type")))
        return http_error(w, 415, "body.type", "The body must be application/json in UTF-8.");
    return OK;
}
