/* The ledger: the figures of each finished day, so that other services find out whether they counted the same
 * (R-23). */
#ifndef BACKROOM_ORDERS_LEDGER_H
#define BACKROOM_ORDERS_LEDGER_H

#include "field.h"
#include "work.h"

extern const struct field ledger_fields[];
/* Schedule: close the last days that are over. */
int ledger_close_last(struct work *w);
/* POST /v1/ledger: close these or any other days that are over. */
int ledger_close(struct work *w);

#endif
