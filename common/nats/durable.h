/* The durable pull consumers of a stream: what nats-server remembers of how far each of us has heard. Inside common/ only. */
#ifndef BACKROOM_DURABLE_H
#define BACKROOM_DURABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Create the consumer of a service's stream if it is missing. ours_alone: nobody else pulls from it now, so whatever was
 * delivered and never answered is brought again, at once and before anything later. */
bool durable_make(const char *service, const char *durable, const char *subject, bool ours_alone);

/* Has it messages to give and somebody who waits for them, but got no further than *delivered, that of the call before?
 * Then it is made anew behind what was answered, and true is returned: nats-server 2.9.10 may miss a signal. */
bool durable_unstick(const char *service, const char *durable, const char *subject, int64_t *delivered);

/* The stream ends at this place. Whoever was given more of it begins again there, as other messages will take the places of
 * those that are gone. To be called by the only publisher, before it goes on. False when the server does not answer. */
bool durable_rewind_all(const char *service, int64_t last_seq);

#endif
