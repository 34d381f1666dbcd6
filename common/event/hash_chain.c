#include "hash_chain.h"

#include "sha256.h"
#include "work.h"

const char *hash_chain_next(struct work *w, const char *before, const struct hash_chain_row *row)
{
    const char *const parts[] = {before,       row->id, row->type,  row->aggregate, row->aggregate_id,
                                 row->version, row->at, row->actor, row->trace,     row->data};
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < COUNT(parts); i++) {
        text_add(&t, parts[i]);
        text_add(&t, "\n");
    }
    return sha256_hex(w->arena, t.bytes, t.length);
}
