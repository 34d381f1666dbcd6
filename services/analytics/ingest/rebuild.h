/* Rebuilds all facts and figures from the archive. */
#ifndef BACKROOM_ANALYTICS_REBUILD_H
#define BACKROOM_ANALYTICS_REBUILD_H

struct work;

/* POST /v1/rebuild */
int rebuild_start(struct work *w);
/* Deadline: the next part of a rebuild. */
int rebuild_next_part(struct work *w);

#endif
