/* Handles each request of the public port: parses, routes, authenticates, validates, runs, replies. */
#ifndef BACKROOM_DISPATCH_H
#define BACKROOM_DISPATCH_H

#include <stdbool.h>

/* Serve the service's routes on address:port. False, with a log line, when the port cannot be had. */
bool http_start(const char *address, int port);
/* Accept no more connections, wait at most seconds until the responses under way are complete, then stop. */
void http_drain(int seconds);

#endif
