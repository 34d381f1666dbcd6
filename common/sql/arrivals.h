/* Do changes come in such quick succession that it is worth waiting for the next ones? Inside common/sql only. */
#ifndef BACKROOM_ARRIVALS_H
#define BACKROOM_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

/* So many within so long are a succession: who is the first of the next ones waits no longer than that for the others. */
enum { SUCCESSION = 3, SUCCESSION_MS = 10 };

/* So many that came last are remembered, and for so long their callers may be expected to come again. */
enum { ARRIVALS = 16, ARRIVALS_MS = 100 };

struct arrivals {
    struct {
        unsigned from;
        int64_t at;
    } last[ARRIVALS]; /* a ring */
    unsigned next;
};

/* One more came, from this caller, at this moment in milliseconds. True if they come in quick succession, and from as many callers: each
 * waits for his answer before he comes again, so that for one alone nobody need wait, however quick he is. */
bool arrivals_note(struct arrivals *a, unsigned from, int64_t now);

#endif
