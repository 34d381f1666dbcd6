#include "payment.h"

#include <inttypes.h>
#include <string.h>

#include "deadline.h"
#include "flow.h"
#include "intake_queries.h"
#include "order.h"
#include "outbox.h"
#include "payment_queries.h"
#include "resource.h"

/* The same payment told twice is one; another one under its reference is refused. */
static int told_before(struct work *w, const char *id, const struct payment_look_row *known)
{
    if (strcmp(known->method, in_str(w, "method")) != 0 || known->amount != in_int(w, "amount"))
        return fail(w, CONFLICT, "payment.reference_reused",
                    "The order has another payment with this reference already: %" PRId64 " by %s.",
                    known->amount, known->method);
    w->status = 200;
    return reply_resource(w, "orders", id);
}

int payment_record(struct work *w)
{
    const char *id = path_var(w, "id"), *status;
    int64_t amount = in_int(w, "amount");
    struct payment_look_row known;
    struct order_pay_row order;

    TRY(flow_lock(w, "order", id, &status));
    TRY(q_payment_look(w, id, in_str(w, "reference"), &known));
    if (known.method)
        return told_before(w, id, &known);
    if (amount > known.open)
        return fail(w, CONFLICT, "payment.too_much", "Only %" PRId64 " of the order is still to be paid.",
                    known.open);
    TRY(flow_apply(w, "order", id, "payments"));
    TRY(q_payment_insert(w, id, in_str(w, "method"), amount, in_str(w, "reference"), w->actor));
    TRY(q_order_pay(w, id, amount, &order));
    if (order.paid_up) {
        TRY(deadline_met(w, "pay_by", id));
        TRY(order_confirm_ready(w, order_only(w, id)));
    }
    return reply_resource(w, "orders", id);
}
