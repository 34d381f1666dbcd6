/*
 * What a thread is called and whether it gives way to others where processors are short: docs/adr/0019-who-does-not-hurry-gives-way.md.
 */
#ifndef BACKROOM_THREAD_H
#define BACKROOM_THREAD_H

#include <stdbool.h>

/* First of all in a thread of its own. */
void thread_set_name(const char *name);
/* One that nobody waits for, ever: it has a lower priority for good, and gives way with its sessions. */
void thread_is_unhurried(const char *name);

/* From now on the calling thread gives way, or no longer: with what it asks of PostgreSQL, and itself, where the service is allowed
 * to take its priority back (RLIMIT_NICE). Not for one that is unhurried. */
void thread_give_way(bool gives_way);
bool thread_gives_way(void);

#endif
