/* Deletes expired rows: stored responses and inbox rows. */
#ifndef BACKROOM_PURGE_H
#define BACKROOM_PURGE_H

void purge_start(void);

#endif
