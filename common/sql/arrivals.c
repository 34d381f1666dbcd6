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

static int at_least(int least, int n)
{
    return n < least ? least : n;
}

static int at_most(int most, int n)
{
    return n > most ? most : n;
}

/* Of those who come in a succession: the last three of its ten milliseconds would be long to wait for one more. */
static int company(int came, int callers)
{
    return at_least(SUCCESSION, at_most(callers - 1, at_most(COMPANY_MOST, came * 7 / 10)));
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
