/* The open connections of the public port: whoever drips a request, or takes its answer in drips, is cut off when the
 * whole of it has taken too long. libmicrohttpd's own time-out counts idle seconds only. */
#ifndef BACKROOM_CONNECTIONS_H
#define BACKROOM_CONNECTIONS_H

#include <microhttpd.h>

void connections_start(int seconds);
void connections_stop(void);

/* libmicrohttpd's callbacks. */
void connections_notify(void *unused, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode code);
void *connections_uri(void *cls, const char *uri, struct MHD_Connection *c);
void connections_completed(void *cls, struct MHD_Connection *c, void **request,
                           enum MHD_RequestTerminationCode code);

/* The answer that this thread gives goes on for as long as it is listened to. */
void connections_endless(void);

#endif
