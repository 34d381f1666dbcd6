#include "erasure.h"

#include "config.h"
#include "consume.h"
#include "deadline.h"
#include "erase.h"
#include "erasure_queries.h"
#include "outbox.h"

enum { HOUR = 3600 };

/* The others hear of it as of any change of the order: fulfilment forgets its shipments. */
static int erase_personal(struct work *w, const char *ref)
{
    struct orders_not_erased_row left;
    struct orders_erase_row orders;

    TRY(q_orders_erase(w, ref, &orders));
    TRY(erase(w, "order", orders.ids, "{customer,ship_to,wishes,cancel_reason,reason}"));
    TRY(erase(w, "refund", orders.refunds, "{reason}"));
    TRY(announce_all(w, "orders.order.erased", "order", orders.ids));
    TRY(q_orders_not_erased(w, ref, &left));
    return left.n ? deadline_set(w, "erase", ref, config_int("ERASE_AGAIN_SECONDS", HOUR)) : OK;
}

int orders_on_support_customer(struct work *w)
{
    const char *events = event_batch(w, "support.customer.erased");
    struct erased_learn_row *customers;
    size_t n;

    if (!events)
        return OK;
    TRY(q_erased_learn(w, events, &customers, &n));
    for (size_t i = 0; i < n; i++)
        TRY(erase_personal(w, customers[i].ref));
    return OK;
}

int customer_erase_again(struct work *w)
{
    return erase_personal(w, in_str(w, "aggregate_id"));
}
