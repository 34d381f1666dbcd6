/* SHA-256 (FIPS 180-4). */
#ifndef BACKROOM_SHA256_H
#define BACKROOM_SHA256_H

#include "arena.h"

/* The digest of some bytes as 64 lower-case hexadecimal digits, in the arena. */
const char *sha256_hex(struct arena *a, const void *bytes, size_t length);

#endif
