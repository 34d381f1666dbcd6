/* The one leader among all instances publishes the event log, in order, and gives each event its position. */
#ifndef BACKROOM_RELAY_H
#define BACKROOM_RELAY_H

struct service;

void relay_start(const struct service *s);
void relay_stop(void);
/* Events were committed: do not wait for the next poll. */
void relay_wake(void);

#endif
