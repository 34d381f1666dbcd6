/*
 * The loop: one thread that takes connections, reads requests and writes answers. It waits for the network and for
 * nothing else. docs/adr/0013-one-loop-and-a-crew.md.
 */
#ifndef BACKROOM_LOOP_H
#define BACKROOM_LOOP_H

#include <stdbool.h>

struct MHD_Connection;
struct exchange;

/* Serve address:port. `serve` is called on the loop's thread with every request that has come whole, must not wait, and sees
 * to it that loop_answer() is called once. False when the port cannot be had. */
bool loop_start(const char *address, int port, void (*serve)(struct exchange *));
/* From whatever thread: the answer is there. The exchange is the loop's again. */
void loop_answer(struct exchange *x);
/* The same for a connection that was suspended in the middle of its answer. */
void loop_resume(struct MHD_Connection *c);

/* Take no new connections. */
void loop_close_door(void);
/* When all is answered. */
void loop_stop(void);

#endif
