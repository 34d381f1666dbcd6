/* A request and its answer, from its first byte to the answer's last: what the loop and those who do the work hand to
 * each other. It is the loop's, but for the time between serving and loop_answer(). */
#ifndef BACKROOM_EXCHANGE_H
#define BACKROOM_EXCHANGE_H

#include <microhttpd.h>

#include "crew.h"
#include "request.h"
#include "work.h"

struct exchange {
    struct work work;
    struct request request;
    struct MHD_Connection *connection;
    char *target, *body;
    size_t body_length, body_room;
    bool whole;    /* all of it has come */
    int64_t began; /* to be served, microseconds of the monotonic clock */
    struct task task;
    struct MHD_Response *response; /* NULL until it is answered */
    unsigned status;
};

/* NULL without memory. */
struct exchange *exchange_new(const char *target);
void exchange_free(struct exchange *x);

/* The head is there. */
void exchange_begin(struct exchange *x, struct MHD_Connection *c, const char *method);
/* A piece of the body; false without memory. Of what is too long no more is kept than shows it. */
bool exchange_take(struct exchange *x, const char *bytes, size_t length);
/* All is there: what has come is the request's, and its work begins. False when a header holds a NUL. */
bool exchange_complete(struct exchange *x);

#endif
