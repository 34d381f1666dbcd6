#include "sha256.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "hex.h"

const char *sha256_hex(struct arena *a, const void *bytes, size_t length)
{
    unsigned char digest[32];
    char *hex = arena_alloc(a, 2 * sizeof digest + 1);

    gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, length, digest);
    hex_write(hex, digest, sizeof digest);
    return hex;
}
