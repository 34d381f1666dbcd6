/* The outcome of a statement that failed. Inside common/sql only. */
#ifndef BACKROOM_FAULT_H
#define BACKROOM_FAULT_H

struct pg_result;
struct work;

/* Set the work's outcome to what this result means: what the constraint says that refused, or BUSY where it may go better
 * in a moment, or BROKEN. Returns the fault. */
int sql_fault_of(struct work *w, const struct pg_result *r, const char *what);
/* BUSY, with this code. */
int sql_busy(struct work *w, const char *code);
/* The same, for a connection that has ended. Where no commit was sent nothing was done, and the work runs again over another. */
int sql_ended(struct work *w);

#endif
