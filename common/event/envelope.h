/* A delivered event, taken apart and checked. Inside common/ only. */
#ifndef BACKROOM_ENVELOPE_H
#define BACKROOM_ENVELOPE_H

#include <jansson.h>

struct work;

/* {id, type, aggregate, aggregate_id, version, time, trace, actor, data, private?}, owned by the work; NULL and *why if it is
 * not one. n is put in as "n". */
json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why);

#endif
