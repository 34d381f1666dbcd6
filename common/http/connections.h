/* The open connections of the public port. One whose request and response together take too long is shut
 * down, however many bytes it sends or takes meanwhile: libmicrohttpd's time-out counts idle
 * seconds only. */
#ifndef BACKROOM_CONNECTIONS_H
#define BACKROOM_CONNECTIONS_H

struct connection;

/* Begin to shut down connections whose request takes longer than this. */
void connections_start(int seconds);
void connections_stop(void);
/* How many are open. */
int connections_open(void);
/* How many of them have a complete request whose response is not complete yet; streams do not count. */
int connections_responding(void);

/* NULL without memory; then it has no deadline. The other functions do nothing with NULL. */
struct connection *connection_opened(int fd);
void connection_closed(struct connection *c);
/* A request is complete and its response begins. */
void connection_responds(struct connection *c);
/* A response is complete; what comes is another request, with a deadline of its own. */
void connection_responded(struct connection *c);
/* The response under way has no deadline. */
void connection_streams(struct connection *c);

#endif
