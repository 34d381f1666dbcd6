/* Takes a step of an aggregate's flow (struct step, model.h). */
#ifndef BACKROOM_FLOW_H
#define BACKROOM_FLOW_H

#include "model.h"

struct resource;
struct text;
struct work;

/*
 * Take one step of an aggregate's life: lock its row, hold If-Match against its version, find the step, call
 * its guard, set the status, announce the event. CONFLICT "<aggregate>.invalid_transition" names what is
 * allowed. aggregate is the name in the service's resource rows.
 */
int flow_apply(struct work *w, const char *aggregate, const char *id, const char *action);

/* The same for events, where one that is late or repeated is no error: *taken is whether the step was there
 * to take. taken may be NULL. */
int flow_apply_if(struct work *w, const char *aggregate, const char *id, const char *action, int *taken);

/* Lock the aggregate's row for the rest of the transaction and hold If-Match against its version. status is
 * "" where the table has no flow. */
int flow_lock(struct work *w, const char *aggregate, const char *id, const char **status);

/* Add the JSON list of the actions that the caller may take in this status. */
void flow_add_actions(struct work *w, const struct resource *r, const char *status, struct text *out);

#endif
