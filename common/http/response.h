/* Writes the response to a request: the reply's JSON, or a problem (RFC 9457) that names every fault at
 * once. */
#ifndef BACKROOM_RESPONSE_H
#define BACKROOM_RESPONSE_H

#include "work.h"

struct _u_response;

/* Fail with an HTTP status of its own. Returns a fault. */
int http_error(struct work *w, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Add a header to the response. */
void response_header(struct work *w, const char *name, const char *value);
/* The HTTP status of the work's outcome. */
int response_status(const struct work *w);
/* "Conflict" for 409. */
const char *status_title(int status);
/* The problem's JSON. */
const char *response_problem(struct work *w);
/* The problem of a work that failed or was refused, else its reply. */
const char *response_body(struct work *w);

/* Put status, headers and body into p, which copies them. Returns the status. */
int response_write(struct work *w, struct _u_response *p);
/* Put the headers of a response into p whose body is streamed. */
void response_write_stream(struct work *w, struct _u_response *p, const char *type);

#endif
