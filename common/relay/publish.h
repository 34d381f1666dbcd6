/* Events on their way to the service's stream, and what becomes of them. Inside common/ only: the relay says, marks.c hears. */
#ifndef BACKROOM_PUBLISH_H
#define BACKROOM_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

struct event_unpublished_row;
struct work;

void publish_start(const char *service);
/* Has the connection been made anew since? Then what was sent before will not be answered any more. */
bool publish_stale(void);
/* Hear answers on the connection that there is now. While nobody hears. */
void publish_renew(void);

/* Published under a number of one's own, by which it will be answered. Goes out with publish_flush() at the latest. */
void publish_send(struct work *w, const struct event_unpublished_row *e, uint64_t number);
void publish_flush(void);

/* The next answer: the event's number and its place in the stream, or -1 if it was refused. False when none came in time. */
bool publish_answer(int64_t wait_ms, uint64_t *number, int64_t *seq);

#endif
