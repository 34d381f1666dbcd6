/* Hashes a text with FNV-1a (64 bits), for tables and names. Not for secrets. */
#ifndef BACKROOM_HASH_H
#define BACKROOM_HASH_H

#include <stdint.h>

#define HASH_BASIS UINT64_C(14695981039346656037)

/* From another basis the same text has another, independent hash. */
static inline uint64_t hash_text_from(uint64_t basis, const char *text)
{
    uint64_t hash = basis;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

static inline uint64_t hash_text(const char *text)
{
    return hash_text_from(HASH_BASIS, text);
}

#endif
