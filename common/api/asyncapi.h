/* AsyncAPI 3.0: the events that the service publishes, with their schemas, and those that it consumes. */
#ifndef BACKROOM_ASYNCAPI_H
#define BACKROOM_ASYNCAPI_H

#include <stdbool.h>

struct work;

/* The schemas of the service's events (JSON texts, the last NULL), and whether it has imports, whose
 * events are common. Once, at start. */
void asyncapi_open(const char *service, const char *const *events, bool imports);
int asyncapi_get(struct work *w);
void asyncapi_print(void);

#endif
