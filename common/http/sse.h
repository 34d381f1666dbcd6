/* The event feed live: server-sent events, going on from Last-Event-ID. */
#ifndef BACKROOM_SSE_H
#define BACKROOM_SSE_H

struct _u_response;
struct work;

/* Turn the answer of GET /v1/events into a stream. */
void sse_start(struct work *w, struct _u_response *p);
/* End all streams: clients come again, elsewhere. */
void sse_stop(void);

#endif
