#include "thread.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* As much as nice(1) takes from a command: a tenth of what others get, so that it goes on all the same. */
enum { NICE = 10 };

static _Thread_local bool gives_way;

void thread_is(const char *name)
{
    prctl(PR_SET_NAME, name);
}

/* Linux has a priority for each thread; who = 0 is the calling one: sched(7), "The nice value". */
void thread_is_unhurried(const char *name)
{
    thread_is(name);
    gives_way = true;
    setpriority(PRIO_PROCESS, 0, NICE);
}

bool thread_gives_way(void)
{
    return gives_way;
}
