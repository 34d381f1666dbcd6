/* What is refused before routing: the requests that libmicrohttpd 0.9.75 lets through although they can be read in two
 * ways (reliability.md, D). */
#ifndef BACKROOM_REQUEST_CHECKS_H
#define BACKROOM_REQUEST_CHECKS_H

#include "work.h"

enum { BODY_MAX = 256 * 1024 };

int check_headers(struct work *w);
/* raw: a piece of a file, whatever its type is said to be. */
int check_body(struct work *w, bool raw);

#endif
