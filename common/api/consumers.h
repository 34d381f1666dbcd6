/* The service's consumers for operators: where they stand; paused, resumed, replayed from the producer's
 * event log. */
#ifndef BACKROOM_CONSUMERS_H
#define BACKROOM_CONSUMERS_H

#include "field.h"

struct work;

extern const struct field consumer_replay_fields[];
int consumer_list(struct work *w);
int consumer_pause(struct work *w);
int consumer_resume(struct work *w);
int consumer_replay(struct work *w);

#endif
