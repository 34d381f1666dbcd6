/* How many changes come in such quick succession that it is worth waiting for them? Inside common/sql only. */
#ifndef BACKROOM_ARRIVALS_H
#define BACKROOM_ARRIVALS_H

#include <stdint.h>

/* So many within so long are a succession: who is the first of the next ones waits no longer than that for the others, and for
 * COMPANY_MOST at most, with himself. */
enum { SUCCESSION = 3, SUCCESSION_MS = 10, COMPANY_MOST = 5 };

/* So many that came last are remembered, and for so long their callers may be expected to come again. */
enum { ARRIVALS = 16, ARRIVALS_MS = 100 };

struct arrivals {
    struct {
        unsigned from;
        int64_t at;
    } last[ARRIVALS]; /* a ring */
    unsigned next;
};

/*
 * One more came, from this caller, at this moment in milliseconds. How many are worth gathering: 0 if they do not come in quick succession, or
 * not from as many callers (each waits for his answer before he comes again, so that for one alone nobody need wait, however quick he
 * is); else as many as come in seven of the ten milliseconds, but never all the callers of more than SUCCESSION: one may still be busy.
 */
int arrivals_note(struct arrivals *a, unsigned from, int64_t now);

#endif
