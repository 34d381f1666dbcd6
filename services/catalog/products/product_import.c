#include "product_import.h"

#include "import.h"
#include "outbox.h"
#include "product_import_queries.h"
#include "review.h"

/* The rules of one row that need no look at the others. */
static void check_alone(struct work *w, const json_t *row)
{
    bool published = json_object_get(row, "status") != NULL;

    review_variants(w, row);
    if (published && !json_array_size(json_object_get(row, "variants")))
        fault_at(w, "/variants", "product.no_variant", "What is on sale has at least one variant.");
    if (published && !json_array_size(json_object_get(row, "channels")))
        fault_at(w, "/channels", "product.no_channel", "What is on sale is on at least one channel.");
}

static void name_code(struct work *w, const struct import_products_look_row *code)
{
    fault_at(w, textf(w, "/variants/%d/%s", (int)code->place, code->field),
             textf(w, "product.%s_%s", code->field, code->twice ? "twice" : "taken"),
             code->twice ? "The %s %s stands in this file before." : "The %s %s belongs to another product.",
             code->field, code->value);
}

/* A product that is there, saying the same, is no fault. */
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

static const char *good_rows(struct work *w, const struct batch *b)
{
    struct text t = text_new(w->arena);

    for (size_t i = 0; i < batch_size(b); i++) {
        if (batch_good(b, i))
            text_addf(&t, "%s{\"id\":\"%s\",\"doc\":%s}", t.length ? "," : "[", new_id(w),
                      json_text(w, batch_row(b, i)));
    }
    if (!t.length)
        return NULL;
    text_add(&t, "]");
    return t.bytes;
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
    good = good_rows(w, b);
    if (!good)
        return OK;
    TRY(q_import_products_insert(w, good, w->actor, &made));
    TRY(announce_new(w, "catalog.product.drafted", "product", made.drafts));
    return announce_new(w, "catalog.product.published", "product", made.published);
}
