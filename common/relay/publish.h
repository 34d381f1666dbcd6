/* Publishes events to the service's stream and collects its acknowledgements. For the relay's thread only. */
#ifndef BACKROOM_PUBLISH_H
#define BACKROOM_PUBLISH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_unpublished_row;
struct text;
struct work;

/* `stopping` ends the wait for acknowledgements that do not come. */
void publish_start(const char *service, const atomic_bool *stopping);

/*
 * Publishes all events and waits for their acknowledgements, ACK_MS at most. Returns how many, counted from
 * the first, the stream has acknowledged without an exception; seqs[i] is the place of event i in the stream.
 * Where it is less than n, event n was refused, could not be sent or was not acknowledged in time; what
 * follows it may be in the stream or not.
 */
size_t publish_all(struct work *w, const struct event_unpublished_row *events, size_t n, int64_t *seqs);

#endif
