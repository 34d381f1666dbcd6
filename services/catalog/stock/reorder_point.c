#include "reorder_point.h"

#include "movement_queries.h"
#include "outbox.h"
#include "reservation_queries.h"
#include "resource.h"

int level_set(struct work *w)
{
    const char *sku = path_var(w, "sku");
    struct level_put_row put;

    TRY(q_allocation_shared(w)); /* a batch that reserves has read the old one */
    TRY(q_level_put(w, sku, in_int(w, "reorder_point"), &put));
    if (!put.found)
        return fail(w, NOT_FOUND, "stock.unknown_sku", "There is no SKU %s that is kept in stock.", sku);
    TRY(put.fresh ? announce_new(w, "catalog.stock.level_set", "level", put.ids)
                  : announce_all(w, "catalog.stock.level_set", "level", put.ids));
    TRY(level_watch(w, put.skus));
    return reply_resource(w, "levels", sku);
}

int level_watch(struct work *w, const char *skus)
{
    struct level_watch_row turned;

    if (!skus)
        return OK;
    TRY(q_level_watch(w, skus, &turned));
    return announce_all(w, "catalog.stock.low", "level", turned.low);
}
