/* Applies delivered events, each once and in the order of its aggregate's versions. Inside common/ only. */
#ifndef BACKROOM_INBOX_H
#define BACKROOM_INBOX_H

#include <jansson.h>
#include <stdbool.h>

#include "version_gate.h"

struct consumer;
struct work;

/* The code of a failure because the consumer is paused or replaying, and this is no replay. */
#define CONSUMER_SUSPENDED "consumer.suspended"

enum origin { DELIVERED, REPLAYED };

/* Applies the envelopes (a JSON list) in the work's transaction: cursors, inbox rows and effect. verdicts[n]
 * is set for each by its "n". */
int inbox_apply(struct work *w, const struct consumer *c, json_t *envelopes, enum verdict *verdicts,
                enum origin origin);

#endif
