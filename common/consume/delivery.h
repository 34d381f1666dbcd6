/* Applies a batch of messages and answers nats-server for each: applied and acknowledged, delivered again
 * later, or stored as dead letters. Inside common/consume only. */
#ifndef BACKROOM_DELIVERY_H
#define BACKROOM_DELIVERY_H

#include <stdatomic.h>

#include "apply.h"
#include "messages.h"
#include "pull.h"

struct delivery {
    const struct consumer *consumer;
    const atomic_bool *stopping; /* gives up what waits for the database */
    struct pull pull;
    bool suspended; /* set when a transaction found that the consumer is */
    struct messages messages;
    struct batch batch; /* the same, as events */
};

void delivery_init(struct delivery *d, const struct consumer *c, const atomic_bool *stopping);

/* Applies the messages and answers the server about each; afterwards there are none. */
void delivery_process(struct delivery *d);

#endif
