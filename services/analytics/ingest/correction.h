/* Corrections: a quarantined event is reprocessed with other values. */
#ifndef BACKROOM_ANALYTICS_CORRECTION_H
#define BACKROOM_ANALYTICS_CORRECTION_H

#include "archive.h"
#include "field.h"

extern const struct field correction_fields[];

int quarantine_mend(struct work *w);

/* Reprocess what the corrections among the events are of. After all other events of a part were applied. */
int corrections_apply(struct work *w, const json_t *events, const char *zone);

#endif
