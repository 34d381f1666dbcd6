/*
 * How often one address may do what costs or guesses: a token bucket for each. Memory is bounded, and no address
 * ever pays for another: when there are too many of them, the one whose bucket is fullest is forgotten.
 */
#ifndef BACKROOM_RATE_LIMIT_H
#define BACKROOM_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum rate_limit {
    BAD_TOKENS,   /* AUTH_FAILURES in a row, then AUTH_FAILURES_PER_MINUTE */
    PUBLIC_CALLS, /* of routes that need no token: PUBLIC_CALLS, PUBLIC_CALLS_PER_MINUTE */
    WRONG_LINKS,  /* of those that find nothing: WRONG_LINKS, WRONG_LINKS_PER_MINUTE */
    RATE_LIMITS
};

/* What an address has left: quota and window as in RateLimit-Policy, left and reset as in RateLimit, in calls and seconds;
 * next is when one more is allowed. */
struct quota {
    int quota, window, left, reset, next;
};

/* May this address do it once more? now in milliseconds of the monotonic clock. */
bool rate_limit_allows(enum rate_limit kind, const char *address, int64_t now);
/* It did. */
void rate_limit_spend(enum rate_limit kind, const char *address, int64_t now);
/* Both in one. */
bool rate_limit_take(enum rate_limit kind, const char *address, int64_t now);
struct quota rate_limit_quota(enum rate_limit kind, const char *address, int64_t now);

#endif
