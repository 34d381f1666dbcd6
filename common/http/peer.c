#include "peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>

#include "config.h"
#include "guard.h"
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
    struct in_addr address;

    while (last && *last == ' ')
        last++;
    return last && inet_pton(AF_INET, last, &address) == 1 ? last : NULL;
}

/* We listen on IPv4 only: ulfius copies no more of an address. */
const char *peer_address(struct work *w, const struct _u_request *q)
{
    const struct sockaddr_in *from = (const struct sockaddr_in *)q->client_address;
    char text[INET_ADDRSTRLEN] = "";
    const char *said;

    if (!from || from->sin_family != AF_INET)
        return "";
    said = is_trusted(from->sin_addr) ? last_hop(header(q, "X-Forwarded-For")) : NULL;
    inet_ntop(AF_INET, &from->sin_addr, text, sizeof text);
    return textf(w, "%s", said ? said : text);
}
