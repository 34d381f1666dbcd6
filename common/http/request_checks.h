/* Checks of a request before it is routed: libmicrohttpd 0.9.75 accepts some that another server would
 * read differently (request smuggling). They are refused and the connection is closed. */
#ifndef BACKROOM_REQUEST_CHECKS_H
#define BACKROOM_REQUEST_CHECKS_H

#include "work.h"

enum { BODY_MAX = 256 * 1024 };

int check_headers(struct work *w);
/* Length and type. raw: the body is a part of a file and may have any type. */
int check_body(struct work *w, bool raw);

#endif
