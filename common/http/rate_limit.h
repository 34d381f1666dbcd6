/*
 * Rate limits per client address: a token bucket for each address and kind. Memory is
 * bounded; when there are too many addresses, the one whose bucket is fullest is dropped, so that no
 * address is limited because of another.
 */
#ifndef BACKROOM_RATE_LIMIT_H
#define BACKROOM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum rate_limit {
    BAD_TOKENS,   /* AUTH_FAILURES at once, then AUTH_FAILURES_PER_MINUTE */
    PUBLIC_CALLS, /* requests for routes that need no token: PUBLIC_CALLS, PUBLIC_CALLS_PER_MINUTE */
    WRONG_LINKS,  /* those of them that find nothing: WRONG_LINKS, WRONG_LINKS_PER_MINUTE */
    RATE_LIMITS
};

/* What an address may still do: quota and window as in RateLimit-Policy, left and reset as in RateLimit,
 * in calls and seconds; next is the number of seconds until one more is allowed. */
struct quota {
    int quota, window, left, reset, next;
};

/* True if the address may do it once more. now is in milliseconds of the monotonic clock. */
bool rate_limit_allows(enum rate_limit kind, const char *address, int64_t now);
/* Count one. */
void rate_limit_spend(enum rate_limit kind, const char *address, int64_t now);
/* Count one if it is allowed; returns whether it was. */
bool rate_limit_take(enum rate_limit kind, const char *address, int64_t now);
struct quota rate_limit_quota(enum rate_limit kind, const char *address, int64_t now);

#endif
