/* Sets the name of a thread, which top -H and gdb show. */
#ifndef BACKROOM_THREAD_H
#define BACKROOM_THREAD_H

/* Names the calling thread, with at most 15 bytes. */
void thread_set_name(const char *name);

#endif
