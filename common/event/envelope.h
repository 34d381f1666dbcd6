/* A delivered event, taken apart and checked. Inside common/ only. */
#ifndef BACKROOM_ENVELOPE_H
#define BACKROOM_ENVELOPE_H

#include <jansson.h>

struct work;

/* The event, with n, aggregate_id, version and trace beside what it came with, owned by the work; NULL and *why if it is
 * none of ours. */
json_t *envelope_read(struct work *w, const char *bytes, size_t length, int n, const char **why);
/* The same of what json_parse_event() made of the bytes, which is the work's from here on. */
json_t *envelope_take(struct work *w, json_t *parsed, int n, const char **why);

/* Of an event whose data nobody reads: parsed as json_parse_event() does, but that data and private are empty, whatever stands in
 * them. The caller owns the result; NULL and *why if it is no JSON. */
json_t *envelope_head(const char *bytes, size_t length, const char **why);

#endif
