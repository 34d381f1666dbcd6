/* Clearing away what has expired: stored responses and the inbox's rows. */
#ifndef BACKROOM_PURGE_H
#define BACKROOM_PURGE_H

void purge_start(void);

#endif
