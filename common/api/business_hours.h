/* Routes that read and set the shop's business hours and holidays; time/calendar.h computes with them. */
#ifndef BACKROOM_BUSINESS_HOURS_H
#define BACKROOM_BUSINESS_HOURS_H

#include "field.h"

struct work;

/* Handler of PUT /v1/business-hours; the resource row is {"business-hours", "business_hours",
 * "business_hours", "business_hours_json", …, .key = "name"}. */
extern const struct field business_hours_fields[];
int business_hours_put(struct work *w);

#endif
