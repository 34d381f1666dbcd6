/* The event feed live: server-sent events, going on from Last-Event-ID. */
#ifndef BACKROOM_SSE_H
#define BACKROOM_SSE_H

struct exchange;

/* Turn the answer of GET /v1/events into a stream. On the loop's thread. */
void sse_start(struct exchange *x);
/* End all streams: clients come again, elsewhere. */
void sse_stop(void);

#endif
