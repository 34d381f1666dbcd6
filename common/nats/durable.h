/* The durable pull consumers of a stream, whose positions nats-server keeps. Inside common/ only. */
#ifndef BACKROOM_DURABLE_H
#define BACKROOM_DURABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Creates the consumer of a service's stream if it is missing. exclusive: no other instance pulls from it
 * now, so where messages were delivered and never acknowledged it is created again behind the last
 * acknowledged one, and they come at once and in order. */
bool durable_make(const char *service, const char *durable, const char *subject, bool exclusive);

/* Has it messages and an open request, but delivered none since *delivered, that of the call before? Then it
 * is created again behind what was acknowledged, and true is returned: nats-server 2.9.10 may miss a
 * wake-up. */
bool durable_unstick(const char *service, const char *durable, const char *subject, int64_t *delivered);

struct durable_position {
    int64_t pending;                 /* messages that it has not delivered yet */
    int64_t unacknowledged;          /* delivered, but neither acknowledged nor given up */
    int64_t delivered, acknowledged; /* sequence numbers of the stream, of the last ones */
};
/* Reads where the consumer stands; false when the server does not answer, or has none of this name. */
bool durable_look_up(const char *service, const char *durable, struct durable_position *position);

/* The stream ends at last_seq: consumers that were delivered more of it are created again to begin there, as
 * other messages will take the places of those that are lost. To be called by the stream's only publisher
 * before it publishes. False when the server does not answer. */
bool durable_rewind_all(const char *service, int64_t last_seq);

#endif
