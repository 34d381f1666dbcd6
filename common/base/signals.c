#include "signals.h"

#include <time.h>

#include "clock.h"

void signal_raise(struct signal *s)
{
    pthread_mutex_lock(&s->lock);
    s->count++;
    pthread_cond_broadcast(&s->raised);
    pthread_mutex_unlock(&s->lock);
}

bool signal_wait(struct signal *s, unsigned long *seen, int64_t ms)
{
    struct timespec until = clock_moment(clock_ms() + ms);
    bool raised;

    pthread_mutex_lock(&s->lock);
    while (s->count == *seen && pthread_cond_clockwait(&s->raised, &s->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    raised = s->count != *seen;
    *seen = s->count;
    pthread_mutex_unlock(&s->lock);
    return raised;
}
