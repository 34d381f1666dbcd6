#include "arrivals.h"

/* Has he not come again since? */
static bool is_latest(const struct arrivals *a, unsigned n)
{
    for (unsigned later = n + 1; later != a->next; later++) {
        if (a->last[later % ARRIVALS].from == a->last[n % ARRIVALS].from)
            return false;
    }
    return true;
}

bool arrivals_note(struct arrivals *a, unsigned from, int64_t now)
{
    int came = 0, callers = 0;

    a->last[a->next % ARRIVALS].from = from;
    a->last[a->next % ARRIVALS].at = now;
    a->next++;
    for (unsigned n = a->next - ARRIVALS; n != a->next; n++) {
        int64_t ago = now - a->last[n % ARRIVALS].at;

        came += ago < SUCCESSION_MS;
        callers += ago < ARRIVALS_MS && is_latest(a, n);
    }
    return came >= SUCCESSION && callers >= SUCCESSION;
}
