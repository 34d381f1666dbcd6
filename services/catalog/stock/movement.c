#include "movement.h"

#include "backorder.h"
#include "json_out.h"
#include "movement_queries.h"
#include "outbox.h"
#include "reorder_point.h"
#include "resource.h"
#include "stock_lock_queries.h"

static int check_movement(struct work *w, const char *sku, int64_t quantity)
{
    struct stock_variant_row variant;

    TRY(q_stock_variant(w, sku, &variant));
    if (!variant.found)
        fault_at(w, "/sku", "stock.unknown_sku", "There is no SKU %s.", sku);
    else if (!variant.stocked)
        fault_at(w, "/sku", "stock.not_stocked", "The SKU %s is not kept in stock.", sku);
    if (!quantity)
        fault_at(w, "/quantity", "stock.no_quantity", "The quantity must not be 0.");
    return failed_if_any(w, "stock.invalid", "The movement is invalid: errors[] names every fault.");
}

/* A JSON list of one text. */
static const char *list_of(struct work *w, const char *item)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    json_add_text(&out, NULL, item);
    json_end_list(&out);
    return out.bytes;
}

/* Orders that wait for the stock are served at once, in order of arrival. */
static int book_in(struct work *w, const char *sku, const char *warehouse, int64_t quantity)
{
    const char *skus = list_of(w, sku);

    TRY(q_allocation_shared(w));
    TRY(q_stock_lock(w, NULL, skus));
    TRY(q_stock_add(w, sku, warehouse, quantity));
    return backorder_serve(w, skus);
}

/* Only what is not reserved can be booked out. */
static int book_out(struct work *w, const char *sku, const char *warehouse, int64_t quantity)
{
    int64_t taken;

    TRY(q_stock_take(w, sku, warehouse, quantity, &taken));
    if (!taken)
        return fail(w, CONFLICT, "stock.insufficient",
                    "The quantity is more than the unreserved stock of %s in %s.", sku, warehouse);
    return OK;
}

int movement_book(struct work *w)
{
    const char *id = new_id(w), *sku = in_str(w, "sku"), *warehouse = in_str(w, "warehouse");
    int64_t quantity = in_int(w, "quantity");

    TRY(check_movement(w, sku, quantity));
    TRY(quantity > 0 ? book_in(w, sku, warehouse, quantity) : book_out(w, sku, warehouse, -quantity));
    TRY(q_stock_move(w, id, sku, warehouse, quantity, in_str(w, "reason"), in_str(w, "reference"), w->actor));
    TRY(reorder_point_check(w, list_of(w, sku)));
    TRY(announce_new(w, "catalog.stock.moved", "movement", id));
    return reply_resource(w, "movements", id);
}
