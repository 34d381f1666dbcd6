/* Handlers that return resources: a list, a single item, and an item as the response to a change. */
#ifndef BACKROOM_RESOURCE_H
#define BACKROOM_RESOURCE_H

#include "model.h"

struct work;

/* Handlers of the routes that the row brings. */
int resource_list(struct work *w);
int resource_one(struct work *w);

/* Respond with one item of a resource, as GET would; sets ETag, and waits for `Prefer: wait` after the
 * commit. The last step of a handler. */
int reply_resource(struct work *w, const char *name, const char *id);

/* Read again until the item is not pending or the seconds are over; called after the commit. */
void resource_wait(struct work *w, const struct resource *r, const char *id, int seconds);

#endif
