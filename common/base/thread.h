/* What a thread is called: shown by top -H and gdb. */
#ifndef BACKROOM_THREAD_H
#define BACKROOM_THREAD_H

/* Names the calling thread, with at most 15 bytes. */
void thread_set_name(const char *name);

#endif
