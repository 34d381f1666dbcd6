/* What HTTP alone costs: libmicrohttpd, one thread a connection, always the same bytes. The ceiling of every read.
 * bare PORT FILE */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char body[1 << 20];
static size_t length;

static enum MHD_Result serve(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                             const char *version, const char *data, size_t *size, void **request)
{
    struct MHD_Response *response;
    enum MHD_Result sent;

    (void)cls, (void)url, (void)method, (void)version, (void)data, (void)size;
    if (!*request) {
        *request = body;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    sent = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return sent;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;

    if (!file)
        return 2;
    length = fread(body, 1, sizeof body, file);
    fclose(file);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    if (!MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
                          serve, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_LIMIT, 2048u, MHD_OPTION_END))
        return 1;
    pause();
    return 0;
}
