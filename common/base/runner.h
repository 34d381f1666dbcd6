/*
 * Starts and stops the threads of a service: each calls one function, which returns when runner_stopping() is
 * true. They are stopped in the reverse order of their start, each before the one that it depends on.
 */
#ifndef BACKROOM_RUNNER_H
#define BACKROOM_RUNNER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

struct runner {
    const char *name; /* shown by top -H and gdb, with at most 15 bytes */
    void (*run)(struct runner *r);
    void *context; /* for run() */
    pthread_t thread;
    sem_t stop;
    atomic_bool stopping;
    struct runner *earlier; /* the one that was started before */
};

/* Name and run are set. The process ends if there is no thread for it. Only at start, from one thread. */
void runner_start(struct runner *r);
bool runner_stopping(const struct runner *r);
/* Pauses the calling runner; ends early when it is to stop. */
void runner_sleep(struct runner *r, int ms);
/* Stops all of them, and returns when the last has ended. */
void runners_stop(void);

#endif
