#include "crew.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "log.h"
#include "thread.h"

/* A thread that found nothing to do for so long goes, if it is not the last. */
enum { IDLE_MS = 10000, STACK = 256 * 1024 };

/* On its thread's stack. */
struct worker {
    struct worker *next;         /* of those who are idle */
    _Atomic(struct task *) task; /* given with `called`; NULL: go */
    sem_t called;
    bool left;
};

/* Who became idle last is called first: his memory is warm, and those at the bottom can go. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t gone;
    struct worker *idle;
    struct task *first, **last; /* for whom there is nobody */
    int most, threads;
    bool stopping;
} crew = {.lock = PTHREAD_MUTEX_INITIALIZER, .gone = PTHREAD_COND_INITIALIZER, .last = &crew.first};

static struct task *pop(void)
{
    struct task *task = crew.first;

    if (task)
        crew.first = task->next;
    if (!crew.first)
        crew.last = &crew.first;
    return task;
}

/* Nobody called in time; false when somebody just did, or he is the last. */
static bool leaves(struct worker *me)
{
    struct worker **at = &crew.idle;
    bool leaves;

    pthread_mutex_lock(&crew.lock);
    while (*at && *at != me)
        at = &(*at)->next;
    leaves = *at && crew.threads > 1;
    if (leaves) {
        *at = me->next;
        me->left = true;
        crew.threads--; /* at once, or two who leave together would each be the last but one */
    }
    pthread_mutex_unlock(&crew.lock);
    return leaves;
}

/* NULL when he is to go. */
static struct task *next_task(struct worker *me)
{
    bool called = false, goes = false;

    pthread_mutex_lock(&crew.lock);
    atomic_store(&me->task, pop());
    if (!atomic_load(&me->task) && !crew.stopping) {
        me->next = crew.idle;
        crew.idle = me;
    } else {
        called = true;
    }
    pthread_mutex_unlock(&crew.lock);
    while (!called && !goes) {
        called = clock_sem_wait(&me->called, clock_ms() + IDLE_MS);
        goes = !called && leaves(me);
    }
    return atomic_load(&me->task);
}

static void *work(void *unused)
{
    struct worker me = {0};
    struct task *task;

    (void)unused;
    thread_set_name("crew");
    sem_init(&me.called, 0, 0);
    while ((task = next_task(&me)))
        task->run(task);
    pthread_mutex_lock(&crew.lock);
    crew.threads -= !me.left;
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
    bool hired;

    pthread_mutex_lock(&crew.lock);
    crew.most = most;
    hire();
    hired = crew.threads > 0;
    pthread_mutex_unlock(&crew.lock);
    return hired;
}

void crew_do(struct task *task)
{
    struct worker *free;

    task->next = NULL;
    pthread_mutex_lock(&crew.lock);
    free = crew.idle;
    if (free) {
        crew.idle = free->next;
        atomic_store(&free->task, task);
    } else {
        *crew.last = task;
        crew.last = &task->next;
        if (crew.threads < crew.most)
            hire();
    }
    pthread_mutex_unlock(&crew.lock);
    if (free)
        sem_post(&free->called);
}

void crew_stop(void)
{
    pthread_mutex_lock(&crew.lock);
    crew.stopping = true;
    for (struct worker *each = crew.idle, *next; each; each = next) {
        next = each->next;
        atomic_store(&each->task, NULL);
        sem_post(&each->called);
    }
    crew.idle = NULL;
    while (crew.threads)
        pthread_cond_wait(&crew.gone, &crew.lock);
    pthread_mutex_unlock(&crew.lock);
}
