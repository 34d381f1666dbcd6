/*
 * HTTP servers on ulfius: one thread for each connection, one endpoint for all routes. libmicrohttpd,
 * on which ulfius is built, is called in server.c alone and only where ulfius has no call of its own.
 * docs/adr/0020-ulfius-is-the-http-layer.md.
 */
#ifndef BACKROOM_SERVER_H
#define BACKROOM_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct _u_request;
struct _u_response;
struct server;

struct server_settings {
    const char *address; /* IPv4 */
    int port;
    int connections, connections_per_address;
    size_t body_max;     /* of longer bodies only body_max + 1 bytes are kept, for the handler to refuse */
    int request_seconds; /* a request and its response may take so long in all; 0: no limit */
    /* Called on the connection's thread with each complete request; may wait. Returns U_CALLBACK_COMPLETE. */
    int (*serve)(const struct _u_request *q, struct _u_response *p);
};

/* NULL when the port cannot be had. At most one server may have request_seconds. */
struct server *server_start(const struct server_settings *settings);
/* Accept no more connections; those that are open stay. */
void server_stop_accepting(struct server *s);
/* End what is still open and free the server. A response under way would be cut off. */
void server_stop(struct server *s);

/* For the serving thread: its response has no end, so no deadline either. */
void server_streams(void);

#endif
