/* Named places where a test may end the process as kill -9 would: only in a build with FAULT_POINTS. The
 * environment names the place: CRASH_AT=relay.acked:3 ends it at the third time, STOP_AT=relay.acked:3
 * stops it there (SIGSTOP). */
#ifndef BACKROOM_CRASH_H
#define BACKROOM_CRASH_H

#ifdef FAULT_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif
