/* What is particular to a work that is an HTTP request. */
#ifndef BACKROOM_REQUEST_H
#define BACKROOM_REQUEST_H

#include <stddef.h>

#include "route.h"
#include "work.h"

enum { QUERY_MAX = 24, RESPONSE_HEADERS_MAX = 8 };

struct sockaddr;

struct name_value {
    const char *name, *value;
};

struct request {
    const char *method, *target;      /* "POST", and "/v1/orders/5?limit=2" as it was sent */
    const struct name_value *headers; /* each name once, its values joined by commas */
    int header_count;
    const struct sockaddr *from;
    char *segments[SEGMENTS_MAX]; /* the decoded path */
    int segment_count;
    struct name_value query[QUERY_MAX];
    int query_count;
    const struct bound_route *route;
    const char *address;         /* of the client, as text */
    const char *idempotency_key; /* NULL if none */
    const char *digest;          /* SHA-256 of method, path and body, hexadecimal */
    const char *body;            /* not a string */
    size_t body_length;
    const char *reply_type; /* of an answer that is not JSON; NULL */
    const char *cache;      /* what may be kept of the answer and for how long; NULL: nothing */
    const char *if_match, *if_none_match;
    const char *last_event_id;
    int wait_seconds;        /* of Prefer: wait */
    const char *waiting_for; /* the id of the pending resource in the response, NULL for none */
    bool streams;            /* Accept: text/event-stream */
    struct name_value response_headers[RESPONSE_HEADERS_MAX];
    int response_header_count;
};

/* A header's value whatever the case of its name, or NULL. */
const char *header(const struct request *r, const char *name);

/* Split and decode the raw target ("/v1/orders/5?limit=2"). NULL, or what is wrong with it. Strict: no %00, no
 * %2f, no invalid UTF-8, no name twice. */
const char *request_target(struct work *w, struct request *r, const char *target);

const char *request_path_var(const struct request *r, const char *name);
const char *request_query_var(const struct request *r, const char *name);

#endif
