#include "guard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ulfius.h>

#include "answer.h"

/* Headers that must stand once: a second one is joined by a comma, or stands under another case. */
static const char *const singles[] = {"Content-Length",  "Host",     "Authorization", "Content-Type",
                                      "Idempotency-Key", "If-Match", "traceparent",   "Transfer-Encoding",
                                      "Last-Event-ID"};

const char *header(const struct _u_request *q, const char *name)
{
    for (int i = 0; i < q->map_header->nb_values; i++) {
        if (strcasecmp(q->map_header->keys[i], name) == 0)
            return q->map_header->values[i];
    }
    return NULL;
}

static bool is_token(const char *s)
{
    return *s && strspn(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                     strlen(s);
}

static int refuse_and_close(struct work *w, const char *detail)
{
    answer_header(w, "Connection", "close");
    return refuse(w, 400, "request.ambiguous", "%s", detail);
}

static int guard_names(struct work *w, const struct _u_map *headers)
{
    for (int i = 0; i < headers->nb_values; i++) {
        if (!is_token(headers->keys[i]))
            return refuse_and_close(w, "A header's name is not a token.");
        for (int j = 0; j < i; j++) {
            if (strcasecmp(headers->keys[i], headers->keys[j]) == 0)
                return refuse_and_close(w, "A header stands twice.");
        }
    }
    return OK;
}

int guard_headers(struct work *w, const struct _u_request *q)
{
    const char *coding = header(q, "Transfer-Encoding");

    TRY(guard_names(w, q->map_header));
    for (size_t i = 0; i < COUNT(singles); i++) {
        const char *value = header(q, singles[i]);

        if (value && strchr(value, ','))
            return refuse_and_close(w, textf(w, "%s stands twice or holds a comma.", singles[i]));
    }
    if (coding && strcasecmp(coding, "chunked") != 0)
        return refuse_and_close(w, "Transfer-Encoding must be chunked.");
    if (coding && header(q, "Content-Length"))
        return refuse_and_close(w, "Content-Length and Transfer-Encoding stand together.");
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

int guard_body(struct work *w, const struct _u_request *q, bool raw)
{
    const char *length = header(q, "Content-Length");
    bool empty = !q->binary_body_length;

    if (q->binary_body_length > BODY_MAX || (length && strtoull(length, NULL, 10) > BODY_MAX)) {
        answer_header(w, "Connection", "close");
        return refuse(w, 413, "body.too_large", "The body may have at most %d bytes.", BODY_MAX);
    }
    if (length && strtoull(length, NULL, 10) != q->binary_body_length)
        return refuse_and_close(w, "The body is not as long as Content-Length says.");
    if (header(q, "Content-Encoding"))
        return refuse(w, 415, "body.encoding", "Compressed bodies are not taken.");
    if (!empty && !raw && !is_json(header(q, "Content-Type")))
        return refuse(w, 415, "body.type", "The body must be application/json in UTF-8.");
    return OK;
}
