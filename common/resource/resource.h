/* Handlers that answer with resources: a list, a single item, and an item as the answer to a change. */
#ifndef BACKROOM_RESOURCE_H
#define BACKROOM_RESOURCE_H

#include "model.h"

struct work;

/* Handlers of the routes that the row brings. */
int resource_list(struct work *w);
int resource_one(struct work *w);

/* Answer with one item of a resource, as GET would; sets ETag and waits for `Prefer: wait` after the commit. The last
 * step of a handler: whoever may see the item as it is gets it as idempotency.c keeps it, in one statement. */
int reply_resource(struct work *w, const char *name, const char *id);

/* An answer that is left to that statement. */
struct item {
    const struct resource *resource;
    const char *id;
};

/* Select its `body` and `etag`, the very bytes that are the answer else. Parameters: from $first on the id and, if the
 * resource has a flow, item_actions(). */
const char *item_select(struct work *w, const struct item *item, int first);
/* What the caller may do to it, by its status: a JSON object. */
const char *item_actions(struct work *w, const struct item *item);
/* After the commit: answer with what was kept, of which w->last_rows has body and etag. */
void item_reply(struct work *w);

/* Read again until the item is not pending or the seconds are over; called after the commit. */
void resource_wait(struct work *w, const struct resource *r, const char *id, int seconds);

#endif
