/* Computes the hash chain of the event log: hash = SHA-256(hash before || canonical row). */
#ifndef BACKROOM_HASH_CHAIN_H
#define BACKROOM_HASH_CHAIN_H

#include <stddef.h>

struct work;

/* What stands before the first event. */
#define HASH_CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"

/* The row's hashed columns as PostgreSQL writes them; personal data is outside the hash, so that it can be
 * erased. */
struct hash_chain_row {
    const char *id, *type, *aggregate, *aggregate_id, *version, *at, *actor, *trace, *data;
};

/* 64 hexadecimal digits. */
const char *hash_chain_next(struct work *w, const char *before, const struct hash_chain_row *row);

#endif
