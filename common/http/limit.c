#include "limit.h"

#include <stdatomic.h>
#include <stddef.h>

#include "config.h"

enum { SLOTS = 8192, FAILURES = 100, PER_MINUTE = 60, MINUTE_MS = 60000 };

/* A token bucket as one number (GCRA): when the bucket will be full again. Addresses that share a slot share it. */
static atomic_llong full_at[SLOTS];

static atomic_llong *slot_of(const char *address)
{
    uint64_t hash = 14695981039346656037u;

    for (; address && *address; address++)
        hash = (hash ^ (unsigned char)*address) * 1099511628211u;
    return &full_at[(hash ^ hash >> 40) % SLOTS];
}

static int64_t interval(void)
{
    long per_minute = config_int("AUTH_FAILURES_PER_MINUTE", PER_MINUTE);

    return per_minute > 0 ? MINUTE_MS / per_minute : MINUTE_MS;
}

bool limit_allows(const char *address, int64_t now)
{
    return atomic_load(slot_of(address)) - now < config_int("AUTH_FAILURES", FAILURES) * interval();
}

void limit_spend(const char *address, int64_t now)
{
    atomic_llong *slot = slot_of(address);
    long long before = atomic_load(slot), after;

    do
        after = (before > now ? before : now) + interval();
    while (!atomic_compare_exchange_weak(slot, &before, after));
}
