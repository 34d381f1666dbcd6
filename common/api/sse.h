/* The live event feed: server-sent events, continued from Last-Event-ID. */
#ifndef BACKROOM_SSE_H
#define BACKROOM_SSE_H

struct _u_response;
struct work;

/* Answer GET /v1/events with a stream, which occupies the connection's thread until it ends. BUSY when
 * STREAMS are open. */
int sse_start(struct work *w, struct _u_response *p);
/* End all streams: clients reconnect, to another instance. */
void sse_stop(void);

#endif
