/* Orders: their life from placed to delivered or cancelled (O-4, O-5, O-10). How they come in is in intake.h. */
#ifndef BACKROOM_ORDER_H
#define BACKROOM_ORDER_H

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

/* The rule for confirming by hand: the code of what forbids it, or NULL. */
const char *order_confirm_fault(const char *stock_status, const char *payment_status, bool held);

/* "{id}": one order as a list. */
const char *order_only(struct work *w, const char *id);

/*
 * For many orders at once, ids as a PostgreSQL array, NULL for none; their rows are locked by this transaction.
 */

/* Take the flow's step from a status; those in another status stay as they are. *moved, if not NULL: who took it. */
int order_step_all(struct work *w, const char *ids, const char *from, const char *action, const char **moved);
/* Confirm those that are reserved, paid and free of holds: after whatever may have made them so. */
int order_confirm_ready(struct work *w, const char *ids);
/* Settle those that are cancelled: what was paid and not given back yet goes back, deadlines end. */
int order_settle_cancelled(struct work *w, const char *ids);

#endif
