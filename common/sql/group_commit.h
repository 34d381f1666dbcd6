/*
 * Group commit: requests that write the same kinds of rows at the same time share one transaction, and one
 * statement for the rows of all (write_batch.h). PostgreSQL spends most of a small statement on its beginning
 * and its end. docs/adr/0018-group-commit.md. Inside common/sql only.
 *
 * Theory of operation
 *
 * A request that writes queues its statements until it has to wait: for its commit, or for what it reads
 * first. If all of them may be batched, its thread submits the work here and waits, as a waiter; commits and
 * reads have a queue each. While no batch of its queue runs, a waiter leads one at once. Else it waits: when
 * a batch ends, the first waiter leads the next one, and includes all waiters whose work has the same
 * shape. So nothing is delayed to fill a batch, and a batch is as large as the number of requests that came
 * while the one before was running. A second batch runs beside the first only when there are enough waiters
 * to fill it. The leader sends the statements of all over one connection, reads the results, commits, and
 * wakes the others, whose work is complete then. A leader that finds no other runs its work alone, over
 * a connection of its own, as any other work.
 *
 * What happens on failure:
 *  - A statement is refused (a constraint, a time-out, a deadlock), or the connection ends before the commit
 *    was sent: the batch is rolled back, and each of its requests runs again from the beginning of its
 *    handler, alone, so that it gets its own fault and not that of another.
 *  - There is no connection: none of them was begun, and all get 503.
 *  - The connection ends after the commit was sent: whether it was done is unknown. All get 503, and a
 *    retry with the same idempotency key returns the outcome, as for a request that commits alone.
 *  - A batch is held up by a lock: a waiter that was not included within WAIT_MS leaves the queue and runs
 *    alone.
 *  - A request's deadline passes: a batch ends by the earliest deadline of its works, as it would with a lost
 *    connection.
 */
#ifndef BACKROOM_GROUP_COMMIT_H
#define BACKROOM_GROUP_COMMIT_H

#include <stdbool.h>

struct work;

/* Run what the work has queued: in a transaction that commits, or as one read outside of it. `alone` does it
 * without others, over the work's own connection. Returns w->fault when it is done. */
int group_commit_submit(struct work *w, bool commits, int (*alone)(struct work *w));

#endif
