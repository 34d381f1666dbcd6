/*
 * Verifies that the service's stream holds what it has acknowledged: nats-server writes to the disk minutes
 * later, and its data may be wiped, rolled back, cut or damaged. What it lost gets `seq` null in the event
 * log, so that it is published again. For the relay's thread only, between two batches.
 */
#ifndef BACKROOM_STREAM_H
#define BACKROOM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Compares the stream's state with the one before: every 5 s, after a reconnect, when it is suspect, or
 * because it must. Where anything else than its end has changed the stream is verified against the log. In
 * between it reads back a part of the stream (scrubbing). False when the state is not known now: then nothing
 * may be published.
 */
bool stream_check(const char *service, bool must);

/* Have the stream verified: at the next call, or at the next regular check. */
void stream_mark_suspect(bool at_once);

/* Which stream it is: its time of creation. With the sequence number the place of an event. */
const char *stream_epoch(void);
/* When a loss was last found, in milliseconds since 1970; before the first one, the time of the first
 * call. */
int64_t stream_lost_at(void);

#endif
