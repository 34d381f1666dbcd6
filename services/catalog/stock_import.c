#include "stock_import.h"

#include "backorder.h"
#include "import.h"
#include "import_queries.h"
#include "level.h"
#include "outbox.h"
#include "reservation_queries.h"

/* What the batch has moved so far in each cell, and the movements it has seen. */
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
        fault_at(w, "/quantity", "stock.no_quantity",
                 "A movement moves something: the quantity must not be 0.");
    if (look->stocked && available + quantity_of(row) < 0)
        fault_at(w, "/quantity", "stock.insufficient",
                 "There is not that much of %s in %s that nobody has reserved.", sku,
                 json_text_in(row, "warehouse"));
}

/* In the order of the rows: what came in before may go out. */
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

/* Distinct or not: the lock and the line that is served do not mind. */
static const char *skus_of(struct work *w, const struct batch *b)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (size_t i = 0; i < batch_size(b); i++) {
        if (!batch_good(b, i))
            continue;
        text_add(&t, t.length > 1 ? "," : "");
        text_add_json(&t, json_text_in(batch_row(b, i), "sku"));
    }
    text_add(&t, "]");
    return t.bytes;
}

static const char *good_rows(struct work *w, const struct batch *b)
{
    struct text t = text_new(w->arena);

    text_add(&t, "[");
    for (size_t i = 0; i < batch_size(b); i++) {
        if (batch_good(b, i))
            text_addf(&t, "%s{\"id\":\"%s\",\"doc\":%s}", t.length > 1 ? "," : "", new_id(w),
                      json_text(w, batch_row(b, i)));
    }
    text_add(&t, "]");
    return t.bytes;
}

static int write_rows(struct work *w, struct batch *b, const char *skus)
{
    struct import_stock_insert_row made;
    const char *good = good_rows(w, b);

    TRY(q_import_stock_levels(w, good));
    TRY(q_import_stock_insert(w, good, w->actor, &made));
    TRY(backorder_serve(w, skus));
    TRY(level_watch(w, skus));
    return announce_new(w, "catalog.stock.moved", "movement", made.ids);
}

int stock_import(struct work *w, struct batch *b)
{
    const char *skus = skus_of(w, b);
    struct moved moved = {json_owned(w, json_object()), json_owned(w, json_object())};
    struct import_stock_look_row *rows;
    size_t n;
    bool any = false;

    TRY(q_allocation_shared(w));
    TRY(q_stock_lock(w, NULL, skus));
    TRY(q_import_stock_look(w, batch_json(w, b), &rows, &n));
    for (size_t k = 0; k < n; k++) {
        take_row(w, b, &rows[k], &moved);
        any |= batch_good(b, (size_t)rows[k].i);
    }
    return any ? write_rows(w, b, skus) : OK;
}
