#include "product_import.h"

#include "import.h"
#include "outbox.h"
#include "product_import_queries.h"
#include "review.h"

/* Check the rules of one row that do not depend on other rows. */
static void check_alone(struct work *w, const json_t *row)
{
    bool published = json_object_get(row, "status") != NULL;

    review_variants(w, row);
    if (published && !json_array_size(json_object_get(row, "variants")))
        fault_at(w, "/variants", "product.no_variant", "A published product has at least one variant.");
    if (published && !json_array_size(json_object_get(row, "channels")))
        fault_at(w, "/channels", "product.no_channel", "A published product is on at least one channel.");
}

static void name_code(struct work *w, const struct import_products_look_row *code)
{
    fault_at(w, textf(w, "/variants/%d/%s", (int)code->place, code->field),
             textf(w, "product.%s_%s", code->field, code->twice ? "twice" : "taken"),
             code->twice ? "The %s %s is in an earlier row of this file."
                         : "The %s %s belongs to another product.",
             code->field, code->value);
}

/* Note every code that is taken. A row that equals an existing product is a duplicate, which is no fault. */
static int check_codes(struct work *w, struct batch *b, const char *rows)
{
    struct import_products_look_row *codes;
    size_t n;

    TRY(q_import_products_look(w, rows, &codes, &n));
    for (size_t k = 0; k < n; k++) {
        if (codes[k].same)
            batch_known(b, (size_t)codes[k].i);
        else
            name_code(w, &codes[k]);
        batch_refuse(w, b, (size_t)codes[k].i);
    }
    return OK;
}

int products_import(struct work *w, struct batch *b)
{
    struct import_products_insert_row made;
    const char *good;

    for (size_t i = 0; i < batch_size(b); i++) {
        if (!batch_good(b, i))
            continue;
        check_alone(w, batch_row(b, i));
        batch_refuse(w, b, i);
    }
    TRY(check_codes(w, b, batch_json(w, b)));
    good = batch_new_json(w, b);
    if (!good)
        return OK;
    TRY(q_import_products_insert(w, good, w->actor, &made));
    TRY(announce_new(w, "catalog.product.drafted", "product", made.drafts));
    return announce_new(w, "catalog.product.published", "product", made.published);
}
