#include "crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "log.h"

/* A thread that found nothing to do for so long goes, if it is not the last. */
enum { IDLE_MS = 10000, STACK = 256 * 1024 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, gone;
    struct task *first, **last;
    int most, threads, idle, queued;
    bool stopping;
} crew = {.lock = PTHREAD_MUTEX_INITIALIZER, .gone = PTHREAD_COND_INITIALIZER, .last = &crew.first};

/* Under the lock: the next task, or NULL when there was none for long, or never will be. */
static struct task *next_task(void)
{
    struct task *task;
    bool late = false;

    crew.idle++;
    while (!crew.first && !crew.stopping && (!late || crew.threads == 1)) {
        struct timespec until = clock_moment(clock_ms() + IDLE_MS);

        late = pthread_cond_timedwait(&crew.work, &crew.lock, &until) == ETIMEDOUT;
    }
    crew.idle--;
    task = crew.first;
    if (!task)
        return NULL;
    crew.first = task->next;
    if (!crew.first)
        crew.last = &crew.first;
    crew.queued--;
    return task;
}

static void *work(void *unused)
{
    struct task *task;

    (void)unused;
    pthread_mutex_lock(&crew.lock);
    while ((task = next_task())) {
        pthread_mutex_unlock(&crew.lock);
        task->run(task);
        pthread_mutex_lock(&crew.lock);
    }
    crew.threads--;
    pthread_cond_signal(&crew.gone);
    pthread_mutex_unlock(&crew.lock);
    return NULL;
}

/* Under the lock. Without a thread more, those that are there will come to it. */
static void hire(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK);
    if (pthread_create(&thread, &attr, work, NULL) == 0)
        crew.threads++;
    else
        log_rarely("crew.hire", "no thread more than %d", crew.threads);
    pthread_attr_destroy(&attr);
}

bool crew_start(int most)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&crew.work, &attr);
    pthread_condattr_destroy(&attr);
    crew.most = most;
    hire();
    return crew.threads > 0;
}

void crew_do(struct task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&crew.lock);
    *crew.last = task;
    crew.last = &task->next;
    crew.queued++;
    if (crew.queued > crew.idle && crew.threads < crew.most)
        hire();
    pthread_mutex_unlock(&crew.lock);
    pthread_cond_signal(&crew.work);
}

void crew_stop(void)
{
    pthread_mutex_lock(&crew.lock);
    crew.stopping = true;
    pthread_cond_broadcast(&crew.work);
    while (crew.threads)
        pthread_cond_wait(&crew.gone, &crew.lock);
    pthread_mutex_unlock(&crew.lock);
}
