/* What HTTP alone costs: ulfius, one thread for each connection, always the same bytes. The ceiling of
 * every read. bare PORT FILE */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ulfius.h>
#include <unistd.h>

static char body[1 << 20];
static size_t length;

static int serve(const struct _u_request *q, struct _u_response *p, void *unused)
{
    (void)q, (void)unused;
    u_map_put(p->map_header, "Content-Type", "application/json");
    ulfius_set_binary_body_response(p, 200, body, length);
    return U_CALLBACK_COMPLETE;
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
    struct MHD_OptionItem options[] = {{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)mhd_request_completed, NULL},
                                       {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)ulfius_uri_logger, NULL},
                                       {MHD_OPTION_SOCK_ADDR, 0, &at},
                                       {MHD_OPTION_CONNECTION_LIMIT, 2048, NULL},
                                       {MHD_OPTION_END, 0, NULL}};
    struct _u_instance instance;

    if (!file)
        return 2;
    length = fread(body, 1, sizeof body, file);
    fclose(file);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    if (ulfius_init_instance(&instance, (unsigned)atoi(argv[1]), NULL, NULL) != U_OK ||
        ulfius_set_default_endpoint(&instance, serve, NULL) != U_OK ||
        ulfius_start_framework_with_mhd_options(
            &instance, MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
            options) != U_OK)
        return 1;
    pause();
    return 0;
}
