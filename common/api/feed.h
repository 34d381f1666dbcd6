/* Returns the event log as pages after a position, and one aggregate's timeline. The live feed is in
 * sse.c. */
#ifndef BACKROOM_FEED_H
#define BACKROOM_FEED_H

#include "field.h"

struct work;

/* Handlers of GET /v1/events (also as server-sent events) and of GET /v1/<resource>/{id}/timeline. */
extern const struct field feed_fields[];
int feed_get(struct work *w);
int feed_timeline(struct work *w);

#endif
