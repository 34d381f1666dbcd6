/* The HTTP side: what is done with a request, on the loop's thread or by the crew. */
#ifndef BACKROOM_DISPATCH_H
#define BACKROOM_DISPATCH_H

#include <stdbool.h>

/* Serve the service's routes on address:port. False, with a log line, when the port cannot be had. */
bool http_start(const char *address, int port);
/* Take no new connections, wait until the answers under way are out (at most seconds), then stop. */
void http_drain(int seconds);

/* Requests that are being worked on. */
int http_in_flight(void);

/* The second port: /livez, /readyz, /metrics; alive when every worker is blocked. */
bool ops_start(const char *address, int port);
void ops_stop(void);
/* NULL when ready, else what is missing: shown by /readyz. Set at start and before draining. */
void ops_not_ready(const char *why);

#endif
