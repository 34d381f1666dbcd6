#include "thread.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* As much as nice(1) takes from a command: a tenth of what others get. */
enum { NICE = 10 };

static _Thread_local bool gives_way;
static pthread_once_t tried = PTHREAD_ONCE_INIT;
static bool may_return; /* from a lower priority, which takes RLIMIT_NICE or CAP_SYS_NICE */

void thread_set_name(const char *name)
{
    prctl(PR_SET_NAME, name);
}

/* Linux has a priority for each thread; who = 0 is the calling one: sched(7), "The nice value". */
static int set_nice(int nice)
{
    return setpriority(PRIO_PROCESS, 0, nice);
}

static void *go_and_return(void *unused)
{
    (void)unused;
    may_return = set_nice(1) == 0 && set_nice(0) == 0;
    return NULL;
}

static void try_to_return(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, go_and_return, NULL) == 0)
        pthread_join(thread, NULL);
}

void thread_is_unhurried(const char *name)
{
    thread_set_name(name);
    set_nice(NICE);
    gives_way = true;
}

void thread_give_way(bool gives)
{
    if (gives == gives_way)
        return;
    gives_way = gives;
    pthread_once(&tried, try_to_return);
    if (may_return)
        set_nice(gives ? NICE : 0);
}

bool thread_gives_way(void)
{
    return gives_way;
}
