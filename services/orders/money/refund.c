#include "refund.h"

#include <inttypes.h>

#include "flow.h"
#include "outbox.h"
#include "refund_queries.h"
#include "resource.h"

/* The same refund told twice is one; another one under its reference is refused. */
static int told_before(struct work *w, const struct refund_look_row *known)
{
    if (known->amount != in_int(w, "amount"))
        return fail(w, CONFLICT, "refund.reference_reused",
                    "The order has another refund with this reference already: %" PRId64 ".", known->amount);
    w->status = 200;
    return reply_resource(w, "refunds", known->refund_id);
}

static int check_lines(struct work *w, const char *id)
{
    struct refund_room_row *rows;
    size_t n;

    if (!in_has(w, "lines"))
        return OK;
    TRY(q_refund_room(w, id, in_json(w, "lines"), &rows, &n));
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].ordered)
            fault_at(w, textf(w, "/lines/%zu/sku", i), "refund.not_ordered", "The order has no such SKU.");
        else if (rows[i].asked > rows[i].ordered - rows[i].refunded)
            fault_at(w, textf(w, "/lines/%zu/quantity", i), "refund.too_many",
                     "Of %" PRId64 " ordered, %" PRId64 " were refunded before.", rows[i].ordered,
                     rows[i].refunded);
    }
    return OK;
}

static int check(struct work *w, const char *id, const struct refund_look_row *order)
{
    if (in_int(w, "amount") > order->open)
        return fail(w, CONFLICT, "refund.too_much", "Only %" PRId64 " of what was paid can be given back.",
                    order->open);
    if (order->early)
        fault_at(w, "/refunded_at", "refund.in_future", "A refund cannot be booked before it happens.");
    TRY(check_lines(w, id));
    return failed_if_any(w, "refund.invalid", "The refund has faults: errors[] names every one.");
}

int refund_pay(struct work *w)
{
    const char *id = path_var(w, "id"), *refund = new_id(w), *status;
    struct refund_look_row order;

    TRY(flow_lock(w, "order", id, &status));
    TRY(q_refund_look(w, id, in_str(w, "reference"), in_str(w, "refunded_at"), &order));
    if (order.refund_id)
        return told_before(w, &order);
    TRY(check(w, id, &order));
    TRY(q_refund_insert(w, refund, id, in_int(w, "amount"), in_str(w, "reason"), in_str(w, "reference"),
                        w->actor, in_str(w, "refunded_at")));
    if (in_has(w, "lines"))
        TRY(q_refund_lines_insert(w, refund, id, in_json(w, "lines")));
    TRY(q_order_refund(w, id, in_int(w, "amount")));
    TRY(announce_new(w, "orders.refund.paid", "refund", refund));
    TRY(announce(w, "orders.order.refunded", "order", id));
    return reply_resource(w, "refunds", refund);
}
