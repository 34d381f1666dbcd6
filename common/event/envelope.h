/* Parses and checks a delivered event. Inside common/ only. */
#ifndef BACKROOM_ENVELOPE_H
#define BACKROOM_ENVELOPE_H

#include <jansson.h>

struct work;

/* The event with n, aggregate_id, version and trace added to its members, owned by the work; NULL and *why if
 * it is none of ours. */
json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why);

#endif
