/* Sales of a window, by one dimension, and the events behind each figure. */
#ifndef BACKROOM_ANALYTICS_SALES_STATS_H
#define BACKROOM_ANALYTICS_SALES_STATS_H

struct work;

/* GET /v1/sales and GET /v1/sales/events */
int sales_get(struct work *w);
int sales_events_get(struct work *w);

#endif
