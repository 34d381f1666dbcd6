/* What is refused before routing: the requests that libmicrohttpd 0.9.75 and ulfius 2.7.13 let through although
 * they can be read in two ways (reliability.md, D). */
#ifndef BACKROOM_GUARD_H
#define BACKROOM_GUARD_H

#include "work.h"

struct _u_request;

enum { BODY_MAX = 256 * 1024 };

/* A header's value whatever the case of its name, or NULL. */
const char *header(const struct _u_request *q, const char *name);

int guard_headers(struct work *w, const struct _u_request *q);
/* raw: a piece of a file, whatever its type is said to be. */
int guard_body(struct work *w, const struct _u_request *q, bool raw);

#endif
