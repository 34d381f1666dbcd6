#include "client_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config.h"

static bool is_trusted(struct in_addr peer)
{
    const char *range = config_text("TRUSTED_PROXY", ""), *slash = strchr(range, '/');
    long bits = slash ? strtol(slash + 1, NULL, 10) : 32;
    char network[INET_ADDRSTRLEN] = "";
    struct in_addr wanted;
    size_t n = slash ? (size_t)(slash - range) : strlen(range);

    if (n >= sizeof network || bits < 1 || bits > 32)
        return false;
    memcpy(network, range, n);
    return inet_pton(AF_INET, network, &wanted) == 1 &&
           ((ntohl(wanted.s_addr) ^ ntohl(peer.s_addr)) >> (32 - bits)) == 0;
}

/* Only the last hop counts: the client may have sent those before it. */
static const char *last_hop(const char *forwarded)
{
    const char *comma = forwarded ? strrchr(forwarded, ',') : NULL, *last = comma ? comma + 1 : forwarded;

    while (last && *last == ' ')
        last++;
    return last;
}

/* An IPv6 address stands for its network of 64 bits: a client that has one has all of them. */
static const char *address_of(struct arena *arena, const char *hop)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr v6;
    struct in_addr v4;

    if (hop && inet_pton(AF_INET, hop, &v4) == 1)
        return arena_format(arena, "%s", hop);
    if (!hop || inet_pton(AF_INET6, hop, &v6) != 1)
        return NULL;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
    } else {
        memset(&v6.s6_addr[8], 0, 8);
        inet_ntop(AF_INET6, &v6, text, sizeof text);
    }
    return arena_format(arena, "%s", text);
}

/* The servers listen on IPv4 only. */
const char *client_address(struct arena *arena, const struct sockaddr *peer, const char *forwarded)
{
    const struct sockaddr_in *from = (const struct sockaddr_in *)peer;
    char text[INET_ADDRSTRLEN] = "";
    const char *client = NULL;

    if (!from || from->sin_family != AF_INET)
        return "";
    if (is_trusted(from->sin_addr))
        client = address_of(arena, last_hop(forwarded));
    inet_ntop(AF_INET, &from->sin_addr, text, sizeof text);
    return client ? client : arena_format(arena, "%s", text);
}
