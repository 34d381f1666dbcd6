/* Does the service's stream hold what we were told it holds (reliability.md, A.7)? What it lost is published again. For
 * the relay's thread alone. */
#ifndef BACKROOM_STREAM_H
#define BACKROOM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* Look at it now and then, in any case if `must`. False when that is not known now: nothing may be published. */
bool stream_look(const char *service, bool must);
/* Will stream_look() look? */
bool stream_due(bool must);
/* How many looks were close ones. */
unsigned long stream_verified(void);
/* Which stream it is: with the sequence the place of an event. */
const char *stream_epoch(void);
/* When it was last found to have lost something, in milliseconds since 1970; at first the time of the first question. */
int64_t stream_lost_at(void);
/* Something is odd: look closely, at once or at the next look. */
void stream_doubt(bool at_once);

#endif
