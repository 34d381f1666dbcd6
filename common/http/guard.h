/* What is refused before routing: the requests that libmicrohttpd 0.9.75 lets through although they can be read in two
 * ways (reliability.md, D). */
#ifndef BACKROOM_GUARD_H
#define BACKROOM_GUARD_H

#include "work.h"

enum { BODY_MAX = 256 * 1024 };

int guard_headers(struct work *w);
/* raw: a piece of a file, whatever its type is said to be. */
int guard_body(struct work *w, bool raw);

#endif
