/*
 * What a thread is called and whether it gives way. Consumers with a pace, imports, deadlines, schedules and what was published
 * being written down hurry nobody: where processors are short they leave them to requests, the relay and consumers for which
 * somebody waits. Their sessions with PostgreSQL do the same (docs/adr/0019-who-does-not-hurry-gives-way.md).
 */
#ifndef BACKROOM_THREAD_H
#define BACKROOM_THREAD_H

#include <stdbool.h>

/* First of all in a thread of its own. */
void thread_is(const char *name);
void thread_is_unhurried(const char *name);
/* Is the calling thread one of these? */
bool thread_gives_way(void);

#endif
