/*
 * Runs a work in its transaction, and the hooks of modules at its end. A module that has something to write
 * at the end of a transaction (deadlines, the outbox) registers a hook. Hooks run in the order in which they
 * were registered.
 */
#ifndef BACKROOM_TRANSACTION_H
#define BACKROOM_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>

struct work;

/* Both functions are called for transactions in which the module has used its state; either may be NULL. */
struct work_hook {
    size_t size;                                       /* of the state */
    int (*before_commit)(struct work *w, void *state); /* write what waits for the end of the transaction */
    void (*after_commit)(struct work *w, void *state);
    int place; /* set by work_hook() */
};

/* Once each, at start. */
void work_hook(struct work_hook *hook);
/* What the module keeps in this work's transaction: zeros at first, also when the handler runs again. */
void *work_hook_state(struct work *w, const struct work_hook *hook);

/*
 * Run a handler in its transaction, which begins with its first statement and commits with its last. The
 * handler runs again after a serialisation failure, when its connection ended before the commit, or when a
 * batch that it was in failed: up to three times more. before_commit, if not NULL, adds last statements to
 * the transaction, behind those of the hooks.
 */
int work_run(struct work *w, int (*handler)(struct work *), int (*before_commit)(struct work *));

/* Write now what waits for the end of the transaction: before something is read that it is part of. */
int transaction_flush(struct work *w);

/* True if the work failed because there was no connection for it: nothing was done. */
bool transaction_refused(const struct work *w);

#endif
