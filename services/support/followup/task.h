/* Tasks with an owner and a due date: follow-ups that parcels make by themselves, others by hand (S-6). */
#ifndef BACKROOM_TASK_H
#define BACKROOM_TASK_H

#include "flow.h"
#include "work.h"

extern const struct step task_flow[];

/* A follow-up for each of the shipped parcels (a JSON list of their events' data; NULL: none). */
int task_follow_up(struct work *w, const char *shipped);

int task_create(struct work *w);
int task_complete(struct work *w);
int task_overdue(struct work *w);

#endif
