/* Signals between threads of this process, so that a waiting thread need not poll. A signal carries no data.
 * Other processes cannot raise it, so waits also have a timeout. */
#ifndef BACKROOM_SIGNALS_H
#define BACKROOM_SIGNALS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Static, made by SIGNAL_INIT: struct signal outbox_signal = SIGNAL_INIT; */
struct signal {
    pthread_mutex_t lock;
    pthread_cond_t raised;
    unsigned long count;
};

#define SIGNAL_INIT                                                                                          \
    {                                                                                                        \
        .lock = PTHREAD_MUTEX_INITIALIZER, .raised = PTHREAD_COND_INITIALIZER                                \
    }

/* Wakes every waiter. */
void signal_raise(struct signal *s);

/*
 * Waits until the signal was raised since *seen, or until the time is over; true when it was raised. *seen
 * belongs to the waiter, 0 at first: what is raised between two waits ends the second one at once, so none is
 * missed.
 */
bool signal_wait(struct signal *s, unsigned long *seen, int64_t ms);

#endif
