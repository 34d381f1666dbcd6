#include "customer_erasure.h"

#include "customer_erasure_queries.h"
#include "erase.h"
#include "flow.h"
#include "outbox.h"
#include "resource.h"

/* Personal data go for good; figures and the course of events stay. */
int customer_erase(struct work *w)
{
    const char *id = path_var(w, "id"), *unused;
    struct customer_about_row about;
    int64_t erased;

    TRY(flow_lock(w, "customer", id, &unused));
    TRY(q_customer_erase(w, id, &erased));
    if (!erased)
        return fail(w, CONFLICT, "customer.erased", "This customer's personal data were erased before.");
    TRY(q_customer_erase_messages(w, id));
    TRY(q_customer_erase_tickets(w, id));
    TRY(q_customer_erase_tasks(w, id));
    TRY(q_customer_erase_surveys(w, id));
    TRY(q_customer_erase_orders(w, id));
    TRY(q_customer_about(w, id, &about));
    TRY(erase(w, "customer", about.ids, "{customer,contact,subject,resolution,note,outcome,comment,body}"));
    TRY(announce(w, "support.customer.erased", "customer", id));
    return reply_resource(w, "customers", id);
}
