#include "intake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cart.h"
#include "config.h"
#include "deadline.h"
#include "intake_queries.h"
#include "json_out.h"
#include "order.h"
#include "outbox.h"
#include "resource.h"
#include "sha256.h"

enum { DAY_SECONDS = 86400, HOURS_2 = 7200, WISHES_BYTES = 8192 };

/* A fault of a line by its bit: the member that it points at, its code or flag, and the reason. */
static const struct {
    unsigned bit;
    const char *member, *code, *why;
} line_faults[LINE_FAULTS] = {
    {LINE_UNKNOWN, "sku", "order.unknown_sku", "is not in the price list"},
    {LINE_UNSELLABLE, "sku", "order.not_sellable", "is no longer on sale"},
    {LINE_PRICE, "unit_price", "order.price_differs", "has a different price: see GET /v1/prices/{sku}"},
    {LINE_CURRENCY, "sku", "order.currency", "is not sold in the order's currency"},
};

/* --- the same order again ---------------------------------------------------------------------------- */

const char *intake_digest(struct work *w)
{
    char *text = json_dumps(w->in, JSON_COMPACT | JSON_SORT_KEYS);
    const char *digest = sha256_hex(w->arena, text, strlen(text));

    free(text);
    return digest;
}

static int answer_replay(struct work *w, const char *id, const char *digest)
{
    if (strcmp(digest, intake_digest(w)) != 0)
        return fail(w, CONFLICT, "order.channel_ref_reused",
                    "The channel has an order with this channel_ref already, and its contents differ.");
    w->status = 200;
    return reply_resource(w, "orders", id);
}

int order_placed_before(struct work *w)
{
    struct order_by_ref_row order;

    TRY(q_order_by_ref(w, in_str(w, "channel"), in_str(w, "channel_ref"), &order));
    return answer_replay(w, order.id, order.digest);
}

/* --- checks: every fault is named at once ------------------------------------------------------------ */

static void name_faults(struct work *w, size_t line, const char *sku, unsigned faults)
{
    for (size_t i = 0; i < COUNT(line_faults); i++) {
        if (faults & line_faults[i].bit)
            fault_at(w, textf(w, "/lines/%zu/%s", line, line_faults[i].member), line_faults[i].code, "%s %s.",
                     sku, line_faults[i].why);
    }
}

static void add_line(struct intake *in, size_t i, const json_t *line, int64_t unit_price)
{
    const struct intake_look_row *row = &in->rows[i];
    struct text *out = &in->lines;

    json_begin_object(out, NULL);
    json_add_int(out, "line", (int64_t)i + 1);
    json_add_text(out, "sku", json_text_in(line, "sku"));
    json_add_text(out, "title", row->title);
    json_add_int(out, "quantity", json_integer_value(json_object_get(line, "quantity")));
    json_add_int(out, "unit_price", unit_price);
    json_add_int(out, "list_price", row->price);
    json_add_bool(out, "stocked", row->stocked);
    json_end_object(out);
}

static void price_line(struct work *w, struct intake *in, size_t i, const json_t *line)
{
    const struct intake_look_row *row = &in->rows[i];
    const json_t *price = json_object_get(line, "unit_price");
    int64_t quantity = json_integer_value(json_object_get(line, "quantity"));
    struct quote q =
        cart_quote(&(struct offer){row->known, row->sellable, row->price, row->currency},
                   &(struct ask){in->history || !strcmp(row->kind, "platform"), in_str(w, "currency"),
                                 json_is_integer(price), json_integer_value(price)});

    name_faults(w, i, json_string_value(json_object_get(line, "sku")), q.faults);
    if (!q.faults && !cart_add(&in->gross, quantity, q.unit_price))
        fault_at(w, textf(w, "/lines/%zu/quantity", i), "order.overflow", "The order's total is too large.");
    in->flags |= q.flags;
    in->stocked_units += row->stocked ? quantity : 0;
    add_line(in, i, line, q.unit_price);
}

static void check_rest(struct work *w, struct intake *in)
{
    const json_t *payment = in_get(w, "payment");

    in->paid = json_integer_value(json_object_get(payment, "amount"));
    if (!w->error_count && in->paid > in->gross)
        fault_at(w, "/payment/amount", "payment.too_much", "The order's total is only %" PRId64 ".",
                 in->gross);
    if (in->rows[0].early)
        fault_at(w, "/placed_at", "order.placed_in_future", "placed_at must not be in the future.");
    if (in_has(w, "wishes") && strlen(in_json(w, "wishes")) > WISHES_BYTES)
        fault_at(w, "/wishes", "order.wishes_too_long", "The wishes may have at most %d bytes.",
                 WISHES_BYTES);
}

void intake_check(struct work *w, struct intake *in)
{
    const json_t *line;
    size_t i;

    in->lines = text_new(w->arena);
    json_begin_list(&in->lines, NULL);
    json_array_foreach(in_get(w, "lines"), i, line) price_line(w, in, i, line);
    json_end_list(&in->lines);
    check_rest(w, in);
}

/* --- writing ----------------------------------------------------------------------------------------- */

const char *intake_personal(struct work *w)
{
    return json_text(w,
                     json_owned(w, json_pack("{s:O, s:O, s:O*}", "customer", in_get(w, "customer"), "ship_to",
                                             in_get(w, "ship_to"), "wishes", in_get(w, "wishes"))));
}

const char *intake_flags(struct work *w, unsigned flags)
{
    struct text list = sql_list(w);

    for (size_t i = 0; i < COUNT(line_faults); i++) {
        if (flags & line_faults[i].bit)
            sql_list_add(&list, strchr(line_faults[i].code, '.') + 1);
    }
    return sql_list_end(&list);
}

static const char *member(struct work *w, const char *object, const char *name)
{
    return json_string_value(json_object_get(in_get(w, object), name));
}

static int write_order(struct work *w, const struct intake *in)
{
    TRY(q_order_insert(w, in->id, in_str(w, "channel"), in_str(w, "channel_ref"), intake_digest(w),
                       in_str(w, "currency"), member(w, "customer", "ref"), member(w, "ship_to", "country"),
                       in->stocked_units ? "pending" : "reserved", in->stocked_units, in->gross, in->paid,
                       in_bool(w, "allow_partial"), intake_flags(w, in->flags), intake_personal(w),
                       in_str(w, "placed_at")));
    TRY(q_lines_insert(w, in->id, in->lines.bytes));
    return announce_new(w, "orders.order.placed", "order", in->id);
}

/* A payment that comes with the order is booked with it. */
static int write_payment(struct work *w, const struct intake *in)
{
    if (!in_has(w, "payment"))
        return OK;
    TRY(q_payment_insert(w, in->id, member(w, "payment", "method"), in->paid,
                         member(w, "payment", "reference"), w->actor));
    return announce(w, "orders.order.paid", "order", in->id);
}

static int set_deadlines(struct work *w, const struct intake *in)
{
    if (in->paid < in->gross)
        TRY(deadline_set(w, "pay_by", in->id, config_int("ORDER_PAY_SECONDS", DAY_SECONDS)));
    return deadline_set(w, "confirm_by", in->id, config_int("ORDER_CONFIRM_SECONDS", HOURS_2));
}

static const char *skus_of(struct work *w)
{
    struct text skus = sql_list(w);
    const json_t *line;
    size_t i;

    json_array_foreach(in_get(w, "lines"), i, line) sql_list_add(&skus, json_text_in(line, "sku"));
    return sql_list_end(&skus);
}

/* Two round trips: one to look, one to write, read and commit. It waits for no other service: catalog
 * reserves stock when it receives the event. */
int order_place(struct work *w)
{
    struct intake_look_row *rows;
    struct intake in = {.id = new_id(w)};

    TRY(q_intake_look(w, in_str(w, "channel"), in_str(w, "channel_ref"), in_str(w, "placed_at"), skus_of(w),
                      &rows, &in.n));
    in.rows = rows;
    if (rows[0].order_id)
        return answer_replay(w, rows[0].order_id, rows[0].intake);
    intake_check(w, &in);
    TRY(failed_if_any(w, "order.invalid", "The order is invalid: errors[] names every fault."));
    TRY(write_order(w, &in));
    TRY(write_payment(w, &in));
    TRY(set_deadlines(w, &in));
    if (!in.stocked_units)
        TRY(order_confirm_ready(w, order_only(w, in.id)));
    return reply_resource(w, "orders", in.id);
}
