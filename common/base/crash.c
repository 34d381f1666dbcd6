#include "crash.h"

#ifdef FAULT_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

/* As kill -9: nothing is flushed, closed or logged. */
enum { KILLED = 137 };

/* Is this the place that the setting names, for the n-th time? */
static bool reached(const char *setting, const char *name, atomic_int *times)
{
    const char *wanted = config_text(setting, ""), *colon = strchr(wanted, ':');
    size_t n = colon ? (size_t)(colon - wanted) : strlen(wanted);

    if (n != strlen(name) || strncmp(wanted, name, n) != 0)
        return false;
    return atomic_fetch_add(times, 1) + 1 == (colon ? (int)strtol(colon + 1, NULL, 10) : 1);
}

void crash_point(const char *name)
{
    static atomic_int times_of_crash, times_of_stop;

    if (reached("CRASH_AT", name, &times_of_crash))
        _exit(KILLED);
    if (reached("STOP_AT", name, &times_of_stop))
        raise(SIGSTOP);
}

#else

/* An empty translation unit is not C. */
extern int crash_points_are_off;
int crash_points_are_off = 1;

#endif
