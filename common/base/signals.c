#include "signals.h"

#include <pthread.h>

#include "clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned long count;

static void start(void)
{
    clock_cond_init(&told);
}

void signal_raise(void)
{
    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
    count++;
    pthread_cond_broadcast(&told);
    pthread_mutex_unlock(&lock);
}

void signal_wait(int ms)
{
    int64_t until = clock_ms() + ms;
    struct timespec deadline = clock_moment(until);
    unsigned long before;

    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
    before = count;
    while (count == before && pthread_cond_timedwait(&told, &lock, &deadline) == 0)
        ;
    pthread_mutex_unlock(&lock);
}
