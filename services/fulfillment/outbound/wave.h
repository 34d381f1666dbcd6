/* Waves: what is picked together, at set times or on demand, with its pick list and its sort list (F-2, F-3). */
#ifndef BACKROOM_WAVE_H
#define BACKROOM_WAVE_H

#include "flow.h"
#include "work.h"

extern const struct step wave_flow[];

int wave_open(struct work *w);
int wave_void(struct work *w);
/* The schedule: everything that is pending, in every warehouse. */
int wave_open_all(struct work *w);

#endif
