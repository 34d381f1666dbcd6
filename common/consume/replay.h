/* Replays a consumer from its producer's event log, page by page (relay/history.h). Inside common/consume
 * only. */
#ifndef BACKROOM_REPLAY_H
#define BACKROOM_REPLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct consumer;

struct replay {
    const struct consumer *consumer;
    bool all;          /* also what it has applied before: cursors are set back */
    const char *since; /* where `first` is not known yet */
    int64_t first, position,
        barrier; /* position: done up to here, -1: not known yet; barrier: 0: not known yet */
};

/* Requests the next page and applies it. False when it did not get any further. */
bool replay_page(const struct replay *r, const atomic_bool *stopping);

#endif
