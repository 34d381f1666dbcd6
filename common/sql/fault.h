/* The outcome of a work whose statement failed. Inside common/sql only. */
#ifndef BACKROOM_FAULT_H
#define BACKROOM_FAULT_H

struct pg_result;
struct work;

/* Sets the work's outcome from the error in a result: that of the constraint that refused, BUSY where another
 * attempt may succeed, BROKEN else. `what` names the statement in the log. Returns the fault. */
int sql_fault_of(struct work *w, const struct pg_result *r, const char *what);
/* BUSY, with this code. */
int sql_busy(struct work *w, const char *code);
/* The connection has ended: BUSY. Where no commit was sent nothing was done, and the work runs again over
 * another one. */
int sql_ended(struct work *w);

#endif
