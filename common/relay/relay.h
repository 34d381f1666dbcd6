/* The one leader among all instances publishes the event log, in order, and gives each event its position. */
#ifndef BACKROOM_RELAY_H
#define BACKROOM_RELAY_H

/* service: also the name of its schema. */
void relay_start(const char *service);
void relay_stop(void);

#endif
