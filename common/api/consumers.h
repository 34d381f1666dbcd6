/* Lists the service's consumers with their positions; pauses, resumes and replays them. For operators. */
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
