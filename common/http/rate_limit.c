#include "rate_limit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "hash.h"

enum { SETS = 512, WAYS = 8, ADDRESS = 24, MINUTE_MS = 60000 };

/* A token bucket as one number (GCRA): when it will be full again. A full one needs no memory: its place
 * is free. */
struct bucket {
    char address[ADDRESS];
    int64_t full_at;
};

static const struct {
    const char *burst, *per_minute;
    int default_burst, default_per_minute;
} rules[RATE_LIMITS] = {
    [BAD_TOKENS] = {"AUTH_FAILURES", "AUTH_FAILURES_PER_MINUTE", 100, 60},
    [PUBLIC_CALLS] = {"PUBLIC_CALLS", "PUBLIC_CALLS_PER_MINUTE", 120, 120},
    [WRONG_LINKS] = {"WRONG_LINKS", "WRONG_LINKS_PER_MINUTE", 20, 6},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bucket buckets[RATE_LIMITS][SETS][WAYS];

static int64_t burst(enum rate_limit kind)
{
    return config_int(rules[kind].burst, rules[kind].default_burst);
}

static int64_t interval(enum rate_limit kind)
{
    long per_minute = config_int(rules[kind].per_minute, rules[kind].default_per_minute);

    return per_minute > 0 ? MINUTE_MS / per_minute : MINUTE_MS;
}

static struct bucket *set_of(enum rate_limit kind, const char *address)
{
    uint64_t hash = hash_text(address);

    return buckets[kind][(hash ^ hash >> 32) % SETS];
}

/* Under the lock: the address's bucket, or a new one in place of the fullest of its set. */
static struct bucket *bucket_of(enum rate_limit kind, const char *address)
{
    struct bucket *set = set_of(kind, address), *fullest = set;

    for (int i = 0; i < WAYS; i++) {
        if (strncmp(set[i].address, address, ADDRESS - 1) == 0)
            return &set[i];
        if (set[i].full_at < fullest->full_at)
            fullest = &set[i];
    }
    snprintf(fullest->address, ADDRESS, "%s", address);
    fullest->full_at = 0;
    return fullest;
}

static bool has_room(enum rate_limit kind, const struct bucket *b, int64_t now)
{
    return b->full_at - now <= (burst(kind) - 1) * interval(kind);
}

static void spend(enum rate_limit kind, struct bucket *b, int64_t now)
{
    b->full_at = (b->full_at > now ? b->full_at : now) + interval(kind);
}

bool rate_limit_allows(enum rate_limit kind, const char *address, int64_t now)
{
    bool allowed;

    pthread_mutex_lock(&lock);
    allowed = has_room(kind, bucket_of(kind, address), now);
    pthread_mutex_unlock(&lock);
    return allowed;
}

void rate_limit_spend(enum rate_limit kind, const char *address, int64_t now)
{
    pthread_mutex_lock(&lock);
    spend(kind, bucket_of(kind, address), now);
    pthread_mutex_unlock(&lock);
}

bool rate_limit_take(enum rate_limit kind, const char *address, int64_t now)
{
    struct bucket *b;
    bool allowed;

    pthread_mutex_lock(&lock);
    b = bucket_of(kind, address);
    allowed = has_room(kind, b, now);
    if (allowed)
        spend(kind, b, now);
    pthread_mutex_unlock(&lock);
    return allowed;
}

static int in_seconds(int64_t ms)
{
    return ms > 0 ? (int)((ms + 999) / 1000) : 0;
}

struct quota rate_limit_quota(enum rate_limit kind, const char *address, int64_t now)
{
    int64_t each = interval(kind), quota = burst(kind), owed;
    struct quota a;

    pthread_mutex_lock(&lock);
    owed = bucket_of(kind, address)->full_at - now;
    pthread_mutex_unlock(&lock);
    owed = owed > 0 ? owed : 0;
    a.quota = (int)quota;
    a.window = in_seconds(quota * each);
    a.left = (int)(quota - (owed + each - 1) / each);
    a.left = a.left > 0 ? a.left : 0;
    a.reset = in_seconds(owed);
    a.next = in_seconds(owed - (quota - 1) * each);
    a.next = a.next > 0 ? a.next : 1;
    return a;
}
