#include "arrivals.h"

#include <stdbool.h>

/* Has he not come again since? */
static bool is_latest(const struct arrivals *a, unsigned n)
{
    for (unsigned later = n + 1; later != a->next; later++) {
        if (a->last[later % ARRIVALS].from == a->last[n % ARRIVALS].from)
            return false;
    }
    return true;
}

/* Of those who come in a succession: the last three of its ten milliseconds would be long to wait for one more. */
static int company(int came, int callers)
{
    int n = came * 7 / 10;

    if (n > COMPANY_MOST)
        n = COMPANY_MOST;
    if (n > callers - 1)
        n = callers - 1;
    return n < SUCCESSION ? SUCCESSION : n;
}

int arrivals_note(struct arrivals *a, unsigned from, int64_t now)
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
    return came >= SUCCESSION && callers >= SUCCESSION ? company(came, callers) : 0;
}
