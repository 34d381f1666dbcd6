#include "reorder_point.h"

#include "outbox.h"
#include "reorder_point_queries.h"
#include "resource.h"
#include "stock_lock_queries.h"

int reorder_point_set(struct work *w)
{
    const char *sku = path_var(w, "sku");
    struct reorder_point_put_row put;

    TRY(q_allocation_shared(w)); /* a batch that reserves has read the reorder point */
    TRY(q_reorder_point_put(w, sku, in_int(w, "reorder_point"), &put));
    if (!put.found)
        return fail(w, NOT_FOUND, "stock.unknown_sku", "There is no SKU %s that is kept in stock.", sku);
    TRY(put.fresh ? announce_new(w, "catalog.stock.reorder_point_set", "reorder_point", put.ids)
                  : announce_all(w, "catalog.stock.reorder_point_set", "reorder_point", put.ids));
    TRY(reorder_point_check(w, put.skus));
    return reply_resource(w, "reorder-points", sku);
}

int reorder_point_check(struct work *w, const char *skus)
{
    struct reorder_point_check_row turned;

    if (!skus)
        return OK;
    TRY(q_reorder_point_check(w, skus, &turned));
    return announce_all(w, "catalog.stock.low", "reorder_point", turned.low);
}
