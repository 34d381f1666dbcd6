#include "order.h"

#include <string.h>

#include "deadline.h"
#include "order_queries.h"
#include "outbox.h"
#include "resource.h"

static int may_confirm(struct work *w, const char *id);
static int may_release(struct work *w, const char *id);

/* Steps that no route takes are taken by news: what fulfilment tells us, or the clock. */
const struct step order_flow[] = {
    {"placed", "payments", SAME, NULL, "orders.order.paid"},
    {"placed", "hold", SAME, NULL, "orders.order.held"},
    {"placed", "release", SAME, may_release, "orders.order.released"},
    {"placed", "fall_due", SAME, NULL, "orders.order.overdue"},
    {"placed", "confirm", "confirmed", may_confirm, "orders.order.confirmed"},
    {"placed", "cancel", "cancelled", NULL, "orders.order.cancelled"},
    {"confirmed", "cancel", "cancelling", NULL, "orders.order.cancel_requested"},
    {"cancelling", "void", "cancelled", NULL, "orders.order.cancelled"},
    {"cancelling", "refuse_cancel", "confirmed", NULL, "orders.order.cancel_refused"},
    {"confirmed", "ship", "shipped", NULL, "orders.order.shipped"},
    {"shipped", "deliver", "delivered", NULL, "orders.order.delivered"},
    {0},
};

/* --- many at once -------------------------------------------------------------------------------------------- */

const char *order_only(struct work *w, const char *id)
{
    return textf(w, "{%s}", id);
}

int order_step_all(struct work *w, const char *ids, const char *from, const char *action, const char **moved)
{
    const struct step *step = flow_find(model_of_aggregate("order")->flow, from, action);
    struct orders_step_row row = {NULL};

    if (ids)
        TRY(q_orders_step(w, ids, step->from, step->to, &row));
    if (moved)
        *moved = row.ids;
    return announce_all(w, step->event, "order", row.ids);
}

int order_confirm_ready(struct work *w, const char *ids)
{
    struct orders_ready_row ready;

    if (!ids)
        return OK;
    TRY(q_orders_ready(w, ids, &ready));
    if (!ready.ids)
        return OK;
    TRY(order_step_all(w, ready.ids, "placed", "confirm", NULL));
    return deadline_met_all(w, "confirm_by", ready.ids);
}

int order_settle_cancelled(struct work *w, const char *ids)
{
    struct refund_cancelled_row refunds;

    if (!ids)
        return OK;
    TRY(q_refund_cancelled(w, ids, w->actor, &refunds));
    TRY(announce_new(w, "orders.refund.paid", "refund", refunds.ids));
    TRY(deadline_met_all(w, "pay_by", ids));
    return deadline_met_all(w, "confirm_by", ids);
}

/* --- confirming by hand ---------------------------------------------------------------------------------------- */

const char *order_confirm_fault(const char *stock_status, const char *payment_status, bool held)
{
    if (held)
        return "order.on_hold";
    if (strcmp(payment_status, "paid") != 0)
        return "order.unpaid";
    if (strcmp(stock_status, "reserved") != 0 && strcmp(stock_status, "partial") != 0)
        return "order.not_reserved";
    return NULL;
}

static int may_confirm(struct work *w, const char *id)
{
    struct order_state_row order;
    const char *code;

    TRY(q_order_state(w, id, &order));
    code = order_confirm_fault(order.stock_status, order.payment_status, order.held);
    if (!code)
        return OK;
    return fail(w, CONFLICT, code, "It cannot be confirmed: it is %s, its stock %s%s.", order.payment_status,
                order.stock_status, order.held ? ", and it is on hold" : "");
}

int order_confirm(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "order", id, "confirm"));
    TRY(deadline_met(w, "confirm_by", id));
    return reply_resource(w, "orders", id);
}

/* --- holds -------------------------------------------------------------------------------------------------------- */

static int may_release(struct work *w, const char *id)
{
    struct order_state_row order;

    TRY(q_order_state(w, id, &order));
    return order.held ? OK : fail(w, CONFLICT, "order.not_held", "The order is not on hold.");
}

int order_release(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(flow_apply(w, "order", id, "release"));
    TRY(q_order_release(w, id, w->actor));
    TRY(order_confirm_ready(w, order_only(w, id)));
    return reply_resource(w, "orders", id);
}

/* --- cancelling ----------------------------------------------------------------------------------------------------- */

/* At once before it is confirmed; afterwards fulfilment is asked, and voids the papers or refuses. */
static int cancel(struct work *w, const char *id, const char *reason)
{
    TRY(flow_apply(w, "order", id, "cancel"));
    TRY(q_order_cancel_reason(w, id, reason));
    return order_settle_cancelled(w, order_only(w, id));
}

int order_cancel(struct work *w)
{
    const char *id = path_var(w, "id");

    TRY(cancel(w, id, in_str(w, "reason")));
    return reply_resource(w, "orders", id);
}

/* pay_by is over. It may have been paid, confirmed or cancelled while the deadline waited for the order's lock. */
int order_unpaid(struct work *w)
{
    const char *id = in_str(w, "aggregate_id"), *status;
    struct order_state_row order;

    TRY(flow_lock(w, "order", id, &status));
    TRY(q_order_state(w, id, &order));
    if (strcmp(status, "placed") != 0 || !strcmp(order.payment_status, "paid") ||
        !strcmp(order.payment_status, "refunded"))
        return OK;
    return cancel(w, id, "not paid in time");
}

/* confirm_by is over. */
int order_overdue(struct work *w)
{
    const char *id = in_str(w, "aggregate_id");
    int taken;

    TRY(flow_apply_if(w, "order", id, "fall_due", &taken));
    return taken ? q_order_overdue(w, id) : OK;
}
