/* What orders say of each finished day, so that others find out whether they counted the same. */
#ifndef BACKROOM_ORDERS_LEDGER_H
#define BACKROOM_ORDERS_LEDGER_H

#include "field.h"
#include "work.h"

extern const struct field ledger_fields[];
/* By the clock: the last days that are over. */
int ledger_close_last(struct work *w);
/* By hand: these or any days that are over. */
int ledger_close(struct work *w);

#endif
