#include "refund_import.h"

#include <inttypes.h>
#include <string.h>

#include "import.h"
#include "json_out.h"
#include "outbox.h"
#include "refund_import_queries.h"

/* What earlier refunds of the batch have used of an order's money, of a SKU's units, and of references; and
 * the good ones. */
struct used {
    json_t *sums;
    struct text refunds; /* as import_refunds_insert takes them */
    struct text ids;     /* a PostgreSQL array */
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

/* --- checking: as refund.c does for one -------------------------------------------------------------- */

static void check_line(struct work *w, const struct used *u, const struct import_refunds_look_row *line,
                       size_t place, int64_t asked)
{
    int64_t back = line->refunded + used_of(u, sku_key(w, line));

    if (!line->ordered)
        fault_at(w, textf(w, "/lines/%zu/sku", place), "refund.not_ordered", "The order has no such SKU.");
    else if (asked > line->ordered - back)
        fault_at(w, textf(w, "/lines/%zu/quantity", place), "refund.too_many",
                 "Of %" PRId64 " ordered units, %" PRId64 " were refunded before.", line->ordered, back);
}

/* The units in all lines of the refund with the SKU. */
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
        fault_at(w, "/amount", "refund.too_much", "Only %" PRId64 " of what was paid can be refunded.", open);
    if (lines->early)
        fault_at(w, "/refunded_at", "refund.in_future", "refunded_at must not be in the future.");
    for (size_t i = 0; i < n && lines->sku; i++)
        check_line(w, u, &lines[i], i, asked_of(lines, n, lines[i].sku));
}

/* The same refund again is no fault; another refund under its reference is one. */
static bool is_duplicate(struct work *w, struct batch *b, size_t i, int64_t known)
{
    if (!known)
        return false;
    if (known == in_int(w, "amount"))
        batch_known(b, i);
    else
        fault_at(w, "/reference", "refund.reference_reused",
                 "The order has another refund with this reference: %" PRId64 ".", known);
    return true;
}

static void gather(struct work *w, struct used *u, const char *order_id)
{
    const char *id = new_id(w);

    json_begin_object(&u->refunds, NULL);
    json_add_text(&u->refunds, "id", id);
    json_add_text(&u->refunds, "order_id", order_id);
    json_add_json(&u->refunds, "doc", json_text(w, w->in));
    json_end_object(&u->refunds);
    sql_list_add(&u->ids, id);
}

static void take_row(struct work *w, struct batch *b, size_t i, const struct import_refunds_look_row *lines,
                     size_t n, struct used *u)
{
    const char *id = lines->order_id;

    if (!id)
        fault_at(w, "/channel_ref", "refund.no_order", "The channel has no order with this channel_ref.");
    else if (!is_duplicate(w, b, i, lines->known ? lines->known : used_of(u, reference_key(w, id))))
        check(w, u, lines, n);
    batch_refuse(w, b, i);
    if (!batch_good(b, i))
        return;
    use(u, id, in_int(w, "amount"));
    use(u, reference_key(w, id), in_int(w, "amount"));
    for (size_t k = 0; k < n && lines->sku; k++)
        use(u, sku_key(w, &lines[k]), lines[k].quantity);
    gather(w, u, id);
}

/* --- the handler ------------------------------------------------------------------------------------- */

static int write_refunds(struct work *w, struct used *u)
{
    struct import_refunds_insert_row orders;

    if (sql_list_empty(&u->ids))
        return OK;
    json_end_list(&u->refunds);
    TRY(q_import_refunds_insert(w, u->refunds.bytes, w->actor, &orders));
    TRY(announce_new(w, "orders.refund.paid", "refund", sql_list_end(&u->ids)));
    return announce_all(w, "orders.order.refunded", "order", orders.order_ids);
}

int refunds_import(struct work *w, struct batch *b)
{
    struct used u = {json_owned(w, json_object()), text_new(w->arena), sql_list(w)};
    const char *rows = batch_json(w, b);
    struct import_refunds_look_row *lines;
    size_t n, end;

    json_begin_list(&u.refunds, NULL);
    TRY(q_import_refunds_lock(w, rows));
    TRY(q_import_refunds_look(w, rows, &lines, &n));
    for (size_t begin = 0; begin < n; begin = end) {
        size_t i = (size_t)lines[begin].i;

        for (end = begin; end < n && lines[end].i == lines[begin].i;)
            end++;
        w->in = (json_t *)(uintptr_t)batch_row(b, i);
        take_row(w, b, i, &lines[begin], end - begin, &u);
    }
    w->in = NULL;
    return write_refunds(w, &u);
}
