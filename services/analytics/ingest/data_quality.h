/* Is everything counted? What was received, what was booked, what was quarantined and why. */
#ifndef BACKROOM_ANALYTICS_DATA_QUALITY_H
#define BACKROOM_ANALYTICS_DATA_QUALITY_H

struct work;

/* GET /v1/quality */
int quality_get(struct work *w);

#endif
