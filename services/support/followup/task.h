/* Tasks with an owner and a due date: a follow-up of each shipment, others created manually (S-6). */
#ifndef BACKROOM_SUPPORT_TASK_H
#define BACKROOM_SUPPORT_TASK_H

#include "flow.h"
#include "work.h"

extern const struct step task_flow[];

/* Create a follow-up for each shipped shipment (a JSON list of their events' data; NULL: none). */
int task_follow_up(struct work *w, const char *shipped);

/* Routes. */
int task_create(struct work *w);
int task_complete(struct work *w);
/* Deadline: the task was not done in time. */
int task_overdue(struct work *w);

#endif
