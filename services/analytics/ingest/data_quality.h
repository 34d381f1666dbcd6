/* Is everything counted: what came, what was booked, what was set aside and why; mending what was. */
#ifndef BACKROOM_ANALYTICS_QUALITY_H
#define BACKROOM_ANALYTICS_QUALITY_H

#include "archive.h"
#include "field.h"

extern const struct field quality_fields[];
extern const struct field mend_fields[];
int quality_get(struct work *w);
int quarantine_mend(struct work *w);

/* Mends among the news: what was set aside comes again as it was mended. After all other news of a part were counted. */
int mends_apply(struct work *w, const json_t *news, const char *zone);

#endif
