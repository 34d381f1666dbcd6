#include "runner.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "thread.h"

static struct runner *latest;

static void *run(void *runner)
{
    struct runner *r = runner;

    thread_set_name(r->name);
    r->run(r);
    return NULL;
}

void runner_start(struct runner *r)
{
    sem_init(&r->stop, 0, 0);
    atomic_store(&r->stopping, false);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        log_error(NULL, "runner.start", "cannot start the thread %s", r->name);
        abort();
    }
    r->earlier = latest;
    latest = r;
}

bool runner_stopping(const struct runner *r)
{
    return atomic_load(&r->stopping);
}

void runner_sleep(struct runner *r, int ms)
{
    if (!runner_stopping(r))
        clock_sem_wait(&r->stop, clock_ms() + ms);
}

void runners_stop(void)
{
    for (; latest; latest = latest->earlier) {
        atomic_store(&latest->stopping, true);
        sem_post(&latest->stop);
        pthread_join(latest->thread, NULL);
        sem_destroy(&latest->stop);
    }
}
