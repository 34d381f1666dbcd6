/* How often one address may be wrong: guessing tokens is slowed down, whoever has a good one is not. */
#ifndef BACKROOM_LIMIT_H
#define BACKROOM_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* May this address try another unknown token? now in milliseconds of the monotonic clock. */
bool limit_allows(const char *address, int64_t now);
/* It was wrong once more. AUTH_FAILURES (default 100) in a row, then AUTH_FAILURES_PER_MINUTE (default 60). */
void limit_spend(const char *address, int64_t now);

#endif
