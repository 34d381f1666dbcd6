#include "hash_chain.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "hex.h"
#include "work.h"

const char *sha256_hex(struct work *w, const void *bytes, size_t length)
{
    unsigned char digest[32];
    char *hex = arena_alloc(w->arena, 2 * sizeof digest + 1);

    gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, digest);
    hex_write(hex, digest, sizeof digest);
    return hex;
}

const char *hash_chain_next(struct work *w, const char *before, const struct hash_chain_row *row)
{
    const char *const parts[] = {before,       row->id, row->type,  row->aggregate, row->aggregate_id,
                                 row->version, row->at, row->actor, row->trace,     row->data};
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < COUNT(parts); i++) {
        text_add(&t, parts[i]);
        text_add(&t, "\n");
    }
    return sha256_hex(w, t.bytes, t.length);
}
