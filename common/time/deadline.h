/* Deadlines as rows: each has a handler that runs when the deadline has passed. */
#ifndef BACKROOM_DEADLINE_H
#define BACKROOM_DEADLINE_H

#include <stdint.h>

struct work;

/* The handler finds the aggregate's id with in_str(w, "aggregate_id") and the time with in_str(w,
 * "due_at"). */
struct deadline {
    const char *kind;
    int (*handler)(struct work *w);
};

/* Set or move a deadline to so many seconds from now; one per kind and aggregate. It is written with the
 * others of this work at the end of the transaction, or before something else is done about deadlines: kind
 * and id are lent until then. */
int deadline_set(struct work *w, const char *kind, const char *aggregate_id, int64_t seconds);
/* Set or move it to a moment (RFC 3339), and the same for many: a JSON list of {"id", "due_at"}. */
int deadline_at(struct work *w, const char *kind, const char *aggregate_id, const char *due_at);
int deadline_at_all(struct work *w, const char *kind, const char *rows);
/* It was met: nothing will happen. No error when there is none. */
int deadline_met(struct work *w, const char *kind, const char *aggregate_id);
/* The same for many: ids as a PostgreSQL array. */
int deadline_met_all(struct work *w, const char *kind, const char *aggregate_ids);

/* Deadlines are written at the end of transactions from now on. Once, before the first. */
void deadline_open(void);
/* Start the thread that runs the handlers of those that are due. */
void deadline_start(const struct deadline *rows);

#endif
