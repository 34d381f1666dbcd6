#include "refund_import.h"

#include <inttypes.h>
#include <string.h>

#include "import.h"
#include "outbox.h"
#include "refund_import_queries.h"

/* What refunds earlier in the batch have used up of an order's money, of a SKU's units, and of references. */
struct used {
    json_t *sums;
};

static int64_t used_of(const struct used *u, const char *key)
{
    return json_integer_value(json_object_get(u->sums, key));
}

static void use(struct used *u, const char *key, int64_t more)
{
    json_object_set_new(u->sums, key, json_integer(used_of(u, key) + more));
}

static const char *sku_key(struct work *w, const struct import_refunds_look_row *line)
{
    return textf(w, "%s %s", line->order_id, line->sku);
}

static const char *reference_key(struct work *w, const char *order_id)
{
    return textf(w, "%s\n%s", order_id, in_str(w, "reference"));
}

/* --- checking: as refund.c does for one ------------------------------------------------------------------------------ */

static void check_line(struct work *w, const struct used *u, const struct import_refunds_look_row *line,
                       size_t place, int64_t asked)
{
    int64_t back = line->refunded + used_of(u, sku_key(w, line));

    if (!line->ordered)
        fault_at(w, textf(w, "/lines/%zu/sku", place), "refund.not_ordered", "The order has no such SKU.");
    else if (asked > line->ordered - back)
        fault_at(w, textf(w, "/lines/%zu/quantity", place), "refund.too_many",
                 "Of %" PRId64 " ordered, %" PRId64 " were refunded before.", line->ordered, back);
}

/* Of all lines of the refund together that name the SKU. */
static int64_t asked_of(const struct import_refunds_look_row *lines, size_t n, const char *sku)
{
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += strcmp(lines[i].sku, sku) == 0 ? lines[i].quantity : 0;
    return sum;
}

static void check(struct work *w, const struct used *u, const struct import_refunds_look_row *lines, size_t n)
{
    int64_t open = lines->open - used_of(u, lines->order_id);

    if (in_int(w, "amount") > open)
        fault_at(w, "/amount", "refund.too_much", "Only %" PRId64 " of what was paid can be given back.",
                 open);
    if (lines->early)
        fault_at(w, "/refunded_at", "refund.in_future", "A refund cannot be booked before it happens.");
    for (size_t i = 0; i < n && lines->sku; i++)
        check_line(w, u, &lines[i], i, asked_of(lines, n, lines[i].sku));
}

/* The same refund told twice is one; another one under its reference is refused. */
static bool came_before(struct work *w, struct batch *b, size_t i, int64_t known)
{
    if (!known)
        return false;
    if (known == in_int(w, "amount"))
        batch_known(b, i);
    else
        fault_at(w, "/reference", "refund.reference_reused",
                 "The order has another refund with this reference already: %" PRId64 ".", known);
    return true;
}

static void take_row(struct work *w, struct batch *b, size_t i, const struct import_refunds_look_row *lines,
                     size_t n, struct used *u, struct text *good)
{
    const char *id = lines->order_id;

    if (!id)
        fault_at(w, "/channel_ref", "refund.no_order", "The channel has no order with this channel_ref.");
    else if (!came_before(w, b, i, lines->known ? lines->known : used_of(u, reference_key(w, id))))
        check(w, u, lines, n);
    batch_refuse(w, b, i);
    if (!batch_good(b, i))
        return;
    use(u, id, in_int(w, "amount"));
    use(u, reference_key(w, id), in_int(w, "amount"));
    for (size_t k = 0; k < n && lines->sku; k++)
        use(u, sku_key(w, &lines[k]), lines[k].quantity);
    text_addf(good, "%s{\"id\":\"%s\",\"order_id\":\"%s\",\"doc\":%s}", good->length > 1 ? "," : "",
              new_id(w), id, json_text(w, w->in));
}

/* --- the handler ----------------------------------------------------------------------------------------------------- */

static const char *ids_of(struct work *w, const char *refunds)
{
    json_t *list = json_owned(w, json_loads(refunds, 0, NULL)), *one;
    struct text ids = text_new(w->arena);
    size_t i;

    json_array_foreach(list, i, one)
        text_addf(&ids, "%s%s", i ? "," : "{", json_string_value(json_object_get(one, "id")));
    text_add(&ids, "}");
    return ids.bytes;
}

static int write_refunds(struct work *w, const char *refunds)
{
    struct import_refunds_insert_row orders;

    TRY(q_import_refunds_insert(w, refunds, w->actor, &orders));
    TRY(announce_new(w, "orders.refund.paid", "refund", ids_of(w, refunds)));
    return announce_all(w, "orders.order.refunded", "order", orders.order_ids);
}

int refunds_import(struct work *w, struct batch *b)
{
    struct used u = {json_owned(w, json_object())};
    const char *rows = batch_json(w, b);
    struct text good = text_new(w->arena);
    struct import_refunds_look_row *lines;
    size_t n, end;

    text_add(&good, "[");
    TRY(q_import_refunds_lock(w, rows));
    TRY(q_import_refunds_look(w, rows, &lines, &n));
    for (size_t begin = 0; begin < n; begin = end) {
        size_t i = (size_t)lines[begin].i;

        for (end = begin; end < n && lines[end].i == lines[begin].i;)
            end++;
        w->in = (json_t *)(uintptr_t)batch_row(b, i);
        take_row(w, b, i, &lines[begin], end - begin, &u, &good);
    }
    w->in = NULL;
    text_add(&good, "]");
    return good.length > 2 ? write_refunds(w, good.bytes) : OK;
}
