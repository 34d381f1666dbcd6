/* The answer to a request: the reply's JSON, or a problem (RFC 9457) that names every fault at once. */
#ifndef BACKROOM_RESPONSE_H
#define BACKROOM_RESPONSE_H

#include "work.h"

struct MHD_Response;

/* A refusal with an HTTP status of its own. Returns a fault. */
int http_error(struct work *w, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* One more header of the answer. */
void response_header(struct work *w, const char *name, const char *value);
/* The HTTP status of the work's outcome. */
int response_status(const struct work *w);
/* "Conflict" for 409. */
const char *status_title(int status);
/* The problem's JSON. */
const char *response_problem(struct work *w);
/* What the answer says: the problem of a refusal, else the reply. */
const char *response_body(struct work *w);
/* All of it, with its HTTP status. The bytes stay the work's: it must live until they are sent. NULL without
 * memory. */
struct MHD_Response *response_make(struct work *w, unsigned *status);
/* The headers of an answer whose bytes come by and by. */
void response_stream(struct work *w, struct MHD_Response *p, const char *type);

#endif
