/* Waves: shipments that are picked together, opened at set times or on demand (F-2, F-3). */
#ifndef BACKROOM_FULFILLMENT_WAVE_H
#define BACKROOM_FULFILLMENT_WAVE_H

#include "flow.h"
#include "work.h"

extern const struct step wave_flow[];

/* Routes. */
int wave_open(struct work *w);
int wave_void(struct work *w);
/* Schedule: take everything that is pending, in every warehouse. */
int wave_open_all(struct work *w);

#endif
