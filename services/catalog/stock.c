#include "stock.h"

#include "catalog_queries.h"
#include "event.h"
#include "resource.h"

/* Book stock in (quantity above zero) or out (below): out only what nobody has reserved. */
int stock_movement(struct work *w)
{
    const char *id = new_id(w), *sku = in_str(w, "sku"), *warehouse = in_str(w, "warehouse");
    int64_t quantity = in_int(w, "quantity"), taken = 1;
    struct stock_variant_row variant;

    TRY(q_stock_variant(w, sku, &variant));
    if (!variant.found || !variant.stocked)
        fault_at(w, "/sku", variant.found ? "stock.not_stocked" : "stock.unknown_sku",
                 variant.found ? "The SKU %s is not kept in stock." : "There is no SKU %s.", sku);
    if (!quantity)
        fault_at(w, "/quantity", "stock.no_quantity", "A movement moves something: the quantity must not be 0.");
    TRY(failed_if_any(w, "stock.invalid", "The movement has faults."));
    TRY(q_stock_move(w, id, sku, warehouse, quantity, in_str(w, "reason"), in_str(w, "reference"), w->actor));
    if (quantity > 0)
        TRY(q_stock_add(w, sku, warehouse, quantity));
    else
        TRY(q_stock_take(w, sku, warehouse, -quantity, &taken));
    if (!taken)
        return fail(w, CONFLICT, "stock.insufficient", "There is not that much of %s in %s that nobody has reserved.", sku, warehouse);
    TRY(announce_new(w, "catalog.stock.moved", "movement", id));
    return reply_resource(w, "movements", id);
}
