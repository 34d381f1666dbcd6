/* One of all instances does it: a session advisory lock on a connection of its own, verified before every
 * batch. */
#ifndef BACKROOM_LEADER_H
#define BACKROOM_LEADER_H

#include <stdbool.h>

struct leader;

struct leader *leader_new(const char *schema, const char *task);
/* True when we hold the lock now; tries to take it when nobody does. *fresh (may be NULL) tells that we just
 * got it. */
bool leader_check(struct leader *l, bool *fresh);
void leader_free(struct leader *l);

#endif
