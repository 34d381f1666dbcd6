#include "product.h"

#include "outbox.h"
#include "product_queries.h"
#include "resource.h"
#include "review.h"

static int may_submit(struct work *w, const char *id);
static int may_approve(struct work *w, const char *id);

const struct step product_flow[] = {
    {"draft|rejected", "edit", "draft", NULL, "catalog.product.edited"},
    {"draft", "submit", "submitted", may_submit, "catalog.product.submitted"},
    {"submitted", "withdraw", "draft", NULL, "catalog.product.withdrawn"},
    {"submitted", "approve", "approved", may_approve, "catalog.product.approved"},
    {"submitted", "reject", "rejected", may_approve, "catalog.product.rejected"},
    {"approved|published|delisted", "publish", "published", NULL, "catalog.product.published"},
    {"published", "delist", "delisted", NULL, "catalog.product.delisted"},
    {0},
};

/* --- drafting ---------------------------------------------------------------------------------------- */

/* Name all codes that two variants share, or that belong to another product. */
static int check_codes(struct work *w, const char *id)
{
    struct variants_conflicts_row *rows;
    size_t n;

    TRY(q_variants_conflicts(w, id, in_json(w, "variants"), &rows, &n));
    for (size_t i = 0; i < n; i++)
        fault_at(w, textf(w, "/variants/%s/%s", rows[i].place, rows[i].field),
                 textf(w, "product.%s_%s", rows[i].field, rows[i].twice ? "twice" : "taken"),
                 rows[i].twice ? "The %s %s is a duplicate." : "The %s %s belongs to another product.",
                 rows[i].field, rows[i].value);
    return failed_if_any(w, "product.invalid", "The product is invalid: errors[] names every fault.");
}

/* A variant keeps its stock when its product is edited, and one that has stock cannot be left out. */
static int put_variants(struct work *w, const char *id)
{
    const char *variants = in_has(w, "variants") ? in_json(w, "variants") : "[]";
    int64_t put;

    if (in_has(w, "variants"))
        TRY(check_codes(w, id));
    TRY(q_variants_drop(w, id, variants));
    TRY(q_variants_put(w, id, variants, &put));
    if (put < (int64_t)json_array_size(in_get(w, "variants")))
        return fail(w, CONFLICT, "product.sku_taken", "A SKU of these variants belongs to another product.");
    return OK;
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
                         in_json(w, "images"), w->actor));
    TRY(put_variants(w, id));
    return reply_resource(w, "products", id);
}

/* --- review ------------------------------------------------------------------------------------------ */

static int may_submit(struct work *w, const char *id)
{
    const char *listing;

    TRY(q_product_for_review(w, id, &listing));
    review_check(w, json_owned(w, json_loads(listing, 0, NULL)));
    return failed_if_any(w, "product.incomplete",
                         "The product cannot be submitted yet: errors[] names everything that is missing.");
}

/* Four eyes: a user who drafted, edited or submitted the product does not decide on it, whatever the role. */
static int may_approve(struct work *w, const char *id)
{
    struct product_worked_on_row worked_on;

    TRY(q_product_worked_on(w, id, w->actor, &worked_on));
    if (worked_on.by_actor)
        return fail(w, FORBIDDEN, "product.four_eyes",
                    "You drafted, edited or submitted this product: another user must approve or reject it.");
    return OK;
}
