/* The published form of events: written by the producer, parsed and checked by consumers. Inside common/
 * only. */
#ifndef BACKROOM_ENVELOPE_H
#define BACKROOM_ENVELOPE_H

#include <jansson.h>

struct text;
struct work;

/* The columns of a row of the event log, as PostgreSQL writes them; `private` may be NULL. */
struct event_columns {
    const char *id, *type, *aggregate, *aggregate_id, *version, *at, *actor, *trace, *data, *private;
};

/* The row as a CloudEvent of the service. */
struct text envelope_write(struct work *w, const char *service, const struct event_columns *e);

/* The event with n, aggregate_id, version and trace added to its members, owned by the work; NULL and *why if
 * it is none of ours. */
json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why);

#endif
