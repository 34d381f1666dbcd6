/* Where a request comes from. */
#ifndef BACKROOM_CLIENT_ADDRESS_H
#define BACKROOM_CLIENT_ADDRESS_H

struct sockaddr;
struct work;

/* The client's address as text: the peer's own, or, when the peer is the gateway (TRUSTED_PROXY, an IPv4 address or a range
 * like 172.16.0.0/12), what that says last in X-Forwarded-For, an IPv6 address by its /64. Empty when unknown. */
const char *client_address(struct work *w);

#endif
