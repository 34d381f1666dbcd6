/* The HTTP request of a work: target, path variables, headers, body. */
#ifndef BACKROOM_REQUEST_H
#define BACKROOM_REQUEST_H

#include <stddef.h>

#include "route.h"
#include "work.h"

enum { QUERY_MAX = 24, RESPONSE_HEADERS_MAX = 8 };

struct _u_request;

struct header {
    const char *name, *value;
};

struct request {
    const char *method, *target;  /* "POST", and "/v1/orders/5?limit=2" as it was sent */
    const struct header *headers; /* each name once, its values joined by commas */
    int header_count;
    char *segments[SEGMENTS_MAX]; /* the decoded path */
    int segment_count;
    struct var vars[SEGMENTS_MAX + QUERY_MAX]; /* the work's */
    const struct bound_route *route;
    const char *address;         /* of the client, as text */
    const char *idempotency_key; /* NULL if none */
    const char *digest;          /* SHA-256 of method, path and body, hexadecimal */
    const char *body;            /* not a string */
    size_t body_length;
    const char *reply_type; /* of a response that is not JSON; NULL */
    const char *cache;      /* its Cache-Control; NULL: no-store */
    const char *if_match, *if_none_match;
    const char *last_event_id;
    int wait_seconds;        /* of Prefer: wait */
    const char *waiting_for; /* the id of the pending resource in the response, NULL for none */
    bool streams;            /* Accept: text/event-stream */
    struct header response_headers[RESPONSE_HEADERS_MAX];
    int response_header_count;
};

/* The work is this request from now on. All of it is borrowed from q. */
void request_open(struct work *w, struct request *r, const struct _u_request *q);

/* A header's value whatever the case of its name, or NULL. */
const char *header(const struct request *r, const char *name);

/* Split and decode the raw target ("/v1/orders/5?limit=2"): its parameters become the work's. NULL, or
 * what is wrong with it. Strict: no %00, no %2f, no invalid UTF-8, no name twice. */
const char *request_target(struct work *w, struct request *r, const char *target);

/* The request takes this route: the variables of its path become the work's. */
void request_take_route(struct work *w, struct request *r, const struct bound_route *route);

#endif
