/* Monotonic time for durations and waits. Business time stamps are PostgreSQL's now(). */
#ifndef BACKROOM_CLOCK_H
#define BACKROOM_CLOCK_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
static inline int64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Microseconds of CLOCK_MONOTONIC. */
static inline int64_t clock_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A moment of clock_ms(), as the waiting functions want it. */
static inline struct timespec clock_moment(int64_t ms)
{
    return (struct timespec){ms / 1000, (ms % 1000) * 1000000};
}

/* A condition that is waited for by clock_moment(). */
static inline void clock_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
}

/* Take one of what the semaphore counts; false when there was none until that moment of clock_ms(). */
static inline bool clock_sem_wait(sem_t *sem, int64_t until)
{
    struct timespec deadline = clock_moment(until);
    int failed;

    do
        failed = sem_clockwait(sem, CLOCK_MONOTONIC, &deadline);
    while (failed && errno == EINTR);
    return !failed;
}

#endif
