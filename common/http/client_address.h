/* Returns the client address of a request, behind a trusted proxy too. */
#ifndef BACKROOM_CLIENT_ADDRESS_H
#define BACKROOM_CLIENT_ADDRESS_H

struct arena;
struct sockaddr;

/* The client's address as text: the peer's own, or, when the peer is the gateway (TRUSTED_PROXY, an IPv4
 * address or a range like 172.16.0.0/12), the last hop of X-Forwarded-For, an IPv6 address by its /64.
 * Empty when unknown. */
const char *client_address(struct arena *arena, const struct sockaddr *peer, const char *forwarded);

#endif
