#include "client_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "request.h"
#include "work.h"

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

/* Only the last hop counts: whatever stands before it, the client may have said itself. */
static const char *last_hop(const char *forwarded)
{
    const char *comma = forwarded ? strrchr(forwarded, ',') : NULL, *last = comma ? comma + 1 : forwarded;

    while (last && *last == ' ')
        last++;
    return last;
}

/* An IPv6 address stands for its network of 64 bits: whoever has one has all of that. */
static const char *address_of(struct work *w, const char *said)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr long_one;
    struct in_addr short_one;

    if (said && inet_pton(AF_INET, said, &short_one) == 1)
        return textf(w, "%s", said);
    if (!said || inet_pton(AF_INET6, said, &long_one) != 1)
        return NULL;
    if (IN6_IS_ADDR_V4MAPPED(&long_one)) {
        inet_ntop(AF_INET, &long_one.s6_addr[12], text, sizeof text);
    } else {
        memset(&long_one.s6_addr[8], 0, 8);
        inet_ntop(AF_INET6, &long_one, text, sizeof text);
    }
    return textf(w, "%s", text);
}

/* We listen on IPv4 only. */
const char *client_address(struct work *w)
{
    const struct sockaddr_in *from = (const struct sockaddr_in *)w->request->from;
    char text[INET_ADDRSTRLEN] = "";
    const char *said;

    if (!from || from->sin_family != AF_INET)
        return "";
    said = is_trusted(from->sin_addr) ? address_of(w, last_hop(header(w->request, "X-Forwarded-For"))) : NULL;
    inet_ntop(AF_INET, &from->sin_addr, text, sizeof text);
    return said ? said : textf(w, "%s", text);
}
