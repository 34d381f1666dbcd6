/* Data quality: counts of events received, booked and quarantined, by reason. */
#ifndef BACKROOM_ANALYTICS_DATA_QUALITY_H
#define BACKROOM_ANALYTICS_DATA_QUALITY_H

struct work;

/* GET /v1/quality */
int quality_get(struct work *w);

#endif
