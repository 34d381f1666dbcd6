#include "stock_import.h"

#include "backorder.h"
#include "import.h"
#include "json_out.h"
#include "outbox.h"
#include "reorder_point.h"
#include "stock_import_queries.h"
#include "stock_lock_queries.h"

/* What the batch has booked so far by SKU and warehouse, and the movements it has seen. */
struct moved {
    json_t *sums, *seen;
};

static int64_t quantity_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "quantity"));
}

static void check(struct work *w, const json_t *row, const struct import_stock_look_row *look,
                  int64_t available)
{
    const char *sku = json_text_in(row, "sku");

    if (!look->found)
        fault_at(w, "/sku", "stock.unknown_sku", "There is no SKU %s.", sku);
    else if (!look->stocked)
        fault_at(w, "/sku", "stock.not_stocked", "The SKU %s is not kept in stock.", sku);
    if (!quantity_of(row))
        fault_at(w, "/quantity", "stock.no_quantity", "The quantity must not be 0.");
    if (look->stocked && available + quantity_of(row) < 0)
        fault_at(w, "/quantity", "stock.insufficient",
                 "The quantity is more than the unreserved stock of %s in %s.", sku,
                 json_text_in(row, "warehouse"));
}

/* In the order of the rows: what an earlier row books in may be booked out. */
static void take_row(struct work *w, struct batch *b, const struct import_stock_look_row *look,
                     struct moved *moved)
{
    size_t i = (size_t)look->i;
    const json_t *row = batch_row(b, i);
    const char *cell = textf(w, "%s\n%s", json_text_in(row, "sku"), json_text_in(row, "warehouse"));
    const char *movement =
        textf(w, "%s\n%s\n%d", cell, json_text_in(row, "reference"), (int)quantity_of(row));
    int64_t sum = json_integer_value(json_object_get(moved->sums, cell));

    if (look->known || json_object_get(moved->seen, movement)) {
        batch_known(b, i);
        return;
    }
    check(w, row, look, look->available + sum);
    batch_refuse(w, b, i);
    if (!batch_good(b, i))
        return;
    json_object_set_new(moved->sums, cell, json_integer(sum + quantity_of(row)));
    json_object_set_new(moved->seen, movement, json_true());
}

/* Of the good rows. A SKU may be in the list several times: neither the lock nor backorder_serve() minds. */
static const char *skus_of(struct work *w, const struct batch *b)
{
    struct text out = text_new(w->arena);

    json_begin_list(&out, NULL);
    for (size_t i = 0; i < batch_size(b); i++) {
        if (batch_good(b, i))
            json_add_text(&out, NULL, json_text_in(batch_row(b, i), "sku"));
    }
    json_end_list(&out);
    return out.bytes;
}

static int write_rows(struct work *w, struct batch *b, const char *skus)
{
    const char *good = batch_new_json(w, b);
    struct import_stock_insert_row made;

    if (!good)
        return OK;
    TRY(q_import_stock_levels(w, good));
    TRY(q_import_stock_insert(w, good, w->actor, &made));
    TRY(backorder_serve(w, skus));
    TRY(reorder_point_check(w, skus));
    return announce_new(w, "catalog.stock.moved", "movement", made.ids);
}

int stock_import(struct work *w, struct batch *b)
{
    const char *skus = skus_of(w, b);
    struct moved moved = {json_owned(w, json_object()), json_owned(w, json_object())};
    struct import_stock_look_row *rows;
    size_t n;

    TRY(q_allocation_shared(w));
    TRY(q_stock_lock(w, NULL, skus));
    TRY(q_import_stock_look(w, batch_json(w, b), &rows, &n));
    for (size_t k = 0; k < n; k++)
        take_row(w, b, &rows[k], &moved);
    return write_rows(w, b, skus);
}
