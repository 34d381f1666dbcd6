/* Returns random bytes and ids made of them. */
#ifndef BACKROOM_RANDOM_H
#define BACKROOM_RANDOM_H

#include "arena.h"

/* n random bytes as 2n lower-case hexadecimal digits. */
const char *random_hex(struct arena *a, size_t n);
/* n random bytes as base64url without padding. */
const char *random_base64url(struct arena *a, size_t n);
/* A UUIDv7: 48 bits of Unix milliseconds, then random (RFC 9562, 5.7). */
const char *random_uuid_v7(struct arena *a);
/* 0 … limit-1, for jitter only. */
unsigned random_below(unsigned limit);

#endif
