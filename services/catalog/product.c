#include "product.h"

#include <string.h>

#include "catalog_queries.h"
#include "event.h"
#include "resource.h"

static int may_submit(struct work *w, const char *id);
static int may_approve(struct work *w, const char *id);

const struct step product_flow[] = {
    {"draft", "edit", "draft", NULL, "catalog.product.edited"},
    {"rejected", "edit", "draft", NULL, "catalog.product.edited"},
    {"draft", "submit", "submitted", may_submit, "catalog.product.submitted"},
    {"submitted", "approve", "approved", may_approve, "catalog.product.approved"},
    {"submitted", "reject", "rejected", may_approve, "catalog.product.rejected"},
    {"approved", "publish", "published", NULL, "catalog.product.published"},
    {"published", "publish", "published", NULL, "catalog.product.published"},
    {"delisted", "publish", "published", NULL, "catalog.product.published"},
    {"published", "delist", "delisted", NULL, "catalog.product.delisted"},
    {0},
};

/* --- drafting ------------------------------------------------------------------------------------------------ */

/* Codes that two variants of one draft share, or that belong to another product: all named at once. */
static void check_codes(struct work *w, const json_t *variants, const struct variants_taken_row *taken,
                        size_t n)
{
    const json_t *v, *before;
    size_t i, j;

    json_array_foreach(variants, i, v)
    {
        const char *sku = json_string_value(json_object_get(v, "sku"));

        for (j = 0; j < n; j++) {
            if (strcmp(taken[j].sku, sku) == 0)
                fault_at(w, textf(w, "/variants/%zu/sku", i), "product.sku_taken",
                         "The SKU %s or its barcode %s belongs to another product.", sku, taken[j].barcode);
        }
        for (j = 0; j < i; j++) {
            before = json_array_get(variants, j);
            if (strcmp(json_string_value(json_object_get(before, "sku")), sku) == 0)
                fault_at(w, textf(w, "/variants/%zu/sku", i), "product.sku_twice",
                         "The SKU %s stands twice here.", sku);
        }
    }
}

static int put_variants(struct work *w, const char *id)
{
    struct variants_taken_row *taken;
    size_t n;

    if (!in_has(w, "variants"))
        return OK;
    TRY(q_variants_taken(w, id, in_json(w, "variants"), &taken, &n));
    check_codes(w, in_get(w, "variants"), taken, n);
    TRY(failed_if_any(w, "product.invalid", "The product has faults."));
    return q_variants_insert(w, id, in_json(w, "variants"));
}

int product_draft(struct work *w)
{
    const char *id = new_id(w);

    TRY(q_product_insert(w, id, in_str(w, "title"), in_str(w, "description"), in_str(w, "category"),
                         in_json(w, "images"), w->actor));
    TRY(put_variants(w, id));
    TRY(announce_new(w, "catalog.product.drafted", "product", id));
    return reply_resource(w, "products", id);
}

int product_edit(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "edit"));
    TRY(q_product_update(w, id, in_str(w, "title"), in_str(w, "description"), in_str(w, "category"),
                         in_json(w, "images")));
    TRY(q_variants_delete(w, id));
    TRY(put_variants(w, id));
    return reply_resource(w, "products", id);
}

/* --- review -------------------------------------------------------------------------------------------------- */

static void check_images(struct work *w, const json_t *images)
{
    const json_t *image;
    size_t i;

    if (!json_array_size(images))
        fault_at(w, "/images", "product.no_image", "At least one image is needed.");
    json_array_foreach(images, i, image)
    {
        if (json_integer_value(json_object_get(image, "width")) < 300 ||
            json_integer_value(json_object_get(image, "height")) < 300)
            fault_at(w, textf(w, "/images/%zu", i), "product.image_small",
                     "An image must be at least 300 by 300 pixels.");
    }
}

static void check_variants(struct work *w, const json_t *variants)
{
    const json_t *v, *cost;
    size_t i;

    if (!json_array_size(variants))
        fault_at(w, "/variants", "product.no_variant", "At least one variant is needed.");
    json_array_foreach(variants, i, v)
    {
        cost = json_object_get(v, "cost");
        if (json_is_integer(cost) &&
            json_integer_value(json_object_get(v, "price")) < json_integer_value(cost))
            fault_at(w, textf(w, "/variants/%zu/price", i), "product.price_below_cost",
                     "The price is below the cost.");
    }
}

/* What a listing must have before somebody reviews it: every failure is named at once. */
static int may_submit(struct work *w, const char *id)
{
    struct product_for_review_row p;
    json_t *images, *variants;

    TRY(q_product_for_review(w, id, &p));
    if (!p.description || strlen(p.description) < 10)
        fault_at(w, "/description", "product.no_description",
                 "A description of at least 10 characters is needed.");
    if (!p.category)
        fault_at(w, "/category", "product.no_category", "A category is needed.");
    images = json_loads(p.images, 0, NULL);
    variants = json_loads(p.variants, 0, NULL);
    check_images(w, images);
    check_variants(w, variants);
    json_decref(images);
    json_decref(variants);
    return failed_if_any(w, "product.incomplete",
                         "The product cannot be submitted yet: errors[] names everything that is missing.");
}

/* Four eyes: whoever drafted or submitted it does not decide on it, whatever the role. */
static int may_approve(struct work *w, const char *id)
{
    struct product_for_review_row p;

    TRY(q_product_for_review(w, id, &p));
    if (strcmp(p.drafted_by, w->actor) == 0 || (p.submitted_by && strcmp(p.submitted_by, w->actor) == 0))
        return fail(w, FORBIDDEN, "product.four_eyes",
                    "Somebody else must decide on what you drafted or submitted.");
    return OK;
}

int product_submit(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "submit"));
    TRY(q_product_submitted(w, id, w->actor));
    return reply_resource(w, "products", id);
}

int product_approve(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "approve"));
    TRY(q_product_approved(w, id, w->actor));
    return reply_resource(w, "products", id);
}

int product_reject(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "reject"));
    TRY(q_product_rejected(w, id, in_json(w, "reasons")));
    return reply_resource(w, "products", id);
}

/* --- on and off the channels ----------------------------------------------------------------------------------- */

int product_publish(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "publish"));
    TRY(q_product_channels(w, id, in_json(w, "channels")));
    return reply_resource(w, "products", id);
}

int product_delist(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "product", id, "delist"));
    TRY(q_product_delisted(w, id, in_str(w, "reason")));
    return reply_resource(w, "products", id);
}
