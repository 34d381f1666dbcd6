/* The open connections of the public port: whoever drips a request, or takes its answer in drips, is cut off when the
 * whole of it has taken too long. libmicrohttpd's own time-out counts idle seconds only. All of it but the count is
 * the loop's thread's. */
#ifndef BACKROOM_CONNECTIONS_H
#define BACKROOM_CONNECTIONS_H

#include <microhttpd.h>

/* A request and its answer may take so long. */
void connections_start(int seconds);
/* libmicrohttpd's callback. */
void connections_notify(void *unused, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode code);
/* A request is over; what comes is another. */
void connections_answered(struct MHD_Connection *c);
/* The answer that is given now goes on for as long as it is listened to. */
void connections_endless(struct MHD_Connection *c);
void connections_cut_off_the_late(void);

/* How many there are. */
int connections_open(void);

#endif
