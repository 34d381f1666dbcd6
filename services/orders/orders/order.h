/* Orders: from placed to delivered or cancelled (O-4, O-5, O-10). intake.h has how they are placed. */
#ifndef BACKROOM_ORDERS_ORDER_H
#define BACKROOM_ORDERS_ORDER_H

#include <stdbool.h>

#include "flow.h"
#include "work.h"

extern const struct step order_flow[];

/* Routes. */
int order_confirm(struct work *w);
int order_release(struct work *w);
int order_cancel(struct work *w);

/* Deadlines. */
int order_unpaid(struct work *w);
int order_overdue(struct work *w);

/* The rule for confirming an order manually: the code of what forbids it, or NULL. */
const char *order_confirm_fault(const char *stock_status, const char *payment_status, bool held);

/* A PostgreSQL array of one id. */
const char *order_only(struct work *w, const char *id);

/*
 * For many orders at once: ids is a PostgreSQL array, NULL for none. The caller has locked their rows.
 */

/* Take a step of the flow from a status; orders in another status stay as they are. *moved, if not NULL:
 * those that took it. */
int order_step_all(struct work *w, const char *ids, const char *from, const char *action, const char **moved);
/* Confirm those that are reserved, paid and not on hold. Called after everything that may have made them
 * so. */
int order_confirm_ready(struct work *w, const char *ids);
/* Settle those that are cancelled: refund what was paid and end their deadlines. */
int order_settle_cancelled(struct work *w, const char *ids);

#endif
