/* Applies a batch of events for a consumer, in transactions. Inside common/consume only. */
#ifndef BACKROOM_APPLY_H
#define BACKROOM_APPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "version_gate.h"
#include "work.h"

enum { BATCH_MAX = 256 };

/* An event as it was received. */
struct raw_event {
    const char *bytes;
    size_t length;
    bool rewinds; /* a replay brings its aggregate again from here on */
};

struct batch {
    const struct consumer *consumer;
    struct raw_event events[BATCH_MAX];
    enum verdict verdicts[BATCH_MAX];
    int count;
    /* Called between two tries while the database is away; false gives up. */
    bool (*wait)(struct batch *b, int first, int last);
    /* Of a replay, else NULL: called last in each transaction. */
    int (*finish)(struct work *w, struct batch *b, int first, int last);
};

struct failure {
    enum fault fault;
    char code[64], detail[256];
};

enum applied {
    APPLIED, /* committed: `verdicts` has the result of each event */
    FAILED,  /* for another reason than that the database is away */
    GIVEN_UP,
    SUSPENDED /* the consumer is paused or replaying: nothing was applied */
};

/* Applies events first…last in one transaction. Work that is always too slow or always deadlocked counts as
 * failed after some tries. */
enum applied apply_events(struct batch *b, int first, int last, struct failure *why);

/* Stores event n as a dead letter, in a transaction of its own; false when that failed. */
bool store_dead_letter(struct batch *b, int n, const char *code, const char *detail);
/* The same in the work's transaction; once that is committed it is to be reported. */
void report_dead_letter(const struct batch *b, const char *code);
int insert_dead_letter(struct work *w, struct batch *b, int n, const char *code, const char *detail);

#endif
