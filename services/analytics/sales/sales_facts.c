#include "sales_facts.h"

#include "consume.h"
#include "customer_facts.h"
#include "sales_facts_queries.h"

/* The documents go to PostgreSQL once; after that the orders' ids are enough. Steps before cancellations: an order that is
 * void still has the time at which it was cancelled. */
int orders_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *placed = event_subjects(w, events, "orders.order.placed");
    const char *cancelled = event_subjects(w, events, "orders.order.cancelled");

    if (placed)
        TRY(q_orders_placed(w, events_of(w, events, "orders.order.placed"), zone));
    TRY(q_orders_stepped(w, event_heads(w, events)));
    if (placed)
        TRY(q_refunds_count(w, zone));
    if (cancelled) {
        TRY(q_sales_void(w, events_of(w, events, "orders.order.cancelled"), zone));
        TRY(q_buyers_anew(w, cancelled, zone));
        TRY(q_sums_sweep(w, cancelled, zone));
    }
    return customer_facts_follow(w, placed, cancelled, zone);
}

int refunds_apply(struct work *w, const json_t *events, const char *zone)
{
    const char *paid = events_of(w, events, "orders.refund.paid");

    if (!paid)
        return OK;
    TRY(q_refunds_paid(w, paid, zone));
    return q_refunds_count(w, zone);
}

int analytics_on_orders_order(struct work *w)
{
    return ingest(w, SHARED, orders_apply);
}

/* Alone, because a refund and its order may come at the same time, and each must see the other. */
int analytics_on_orders_refund(struct work *w)
{
    return ingest(w, EXCLUSIVE, refunds_apply);
}
