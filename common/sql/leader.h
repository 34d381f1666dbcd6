/* Leadership of a task, for one of all instances: a session advisory lock on a connection of its own, which
 * is verified before every batch. */
#ifndef BACKROOM_LEADER_H
#define BACKROOM_LEADER_H

#include <stdbool.h>

struct leader;

struct leader *leader_new(const char *schema, const char *task);
/* True while this instance holds the lock; tries to take it if no instance does. *fresh (may be NULL) is true
 * if it was taken just now. */
bool leader_check(struct leader *l, bool *fresh);
void leader_free(struct leader *l);

#endif
