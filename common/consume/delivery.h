/* What becomes of a batch: one transaction, or one each where that fails; what cannot be applied is set aside. Inside
 * common/event only. */
#ifndef BACKROOM_DELIVERY_H
#define BACKROOM_DELIVERY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "messages.h"
#include "pull.h"
#include "version_gate.h"

struct consumer;

struct delivery {
    const struct consumer *consumer;
    const atomic_bool *stopping; /* do not try again for ever */
    struct pull pull;
    struct messages batch;
    enum verdict verdicts[PULL];
};

/* Apply the batch and tell the server; afterwards it is empty. */
void delivery_process(struct delivery *d);

#endif
