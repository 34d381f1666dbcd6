#include "chain.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "work.h"

const char *sha256_hex(struct work *w, const void *bytes, size_t length)
{
    unsigned char digest[32];
    char *hex = arena_alloc(w->arena, 2 * sizeof digest + 1);

    gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    return hex;
}

const char *chain_hash(struct work *w, const char *before, const struct chain_link *row)
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
