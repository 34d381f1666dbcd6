/* Returns by product, reason and time. */
#ifndef BACKROOM_ANALYTICS_RETURNS_H
#define BACKROOM_ANALYTICS_RETURNS_H

struct work;

/* GET /v1/returns and, behind its figures, GET /v1/returns/events */
int returns_get(struct work *w);
int returns_events_get(struct work *w);

#endif
