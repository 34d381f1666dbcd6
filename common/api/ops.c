/* The second port: small, with threads of its own, no authentication, no personal data. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "dispatch.h"
#include "health.h"
#include "log.h"
#include "metrics.h"
#include "metrics_page.h"
#include "work.h"

/* The figures that only the database knows are left out when it does not tell them within this. */
enum { DATABASE_MS = 2500, IDLE_SECONDS = 15, CONNECTIONS_MAX = 64 };

static struct MHD_Daemon *server;
static _Atomic(const char *) missing = "starting";

void ops_not_ready(const char *why)
{
    atomic_store(&missing, why);
    metrics_set(READY, why == NULL);
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *type, const char *body)
{
    struct MHD_Response *p =
        MHD_create_response_from_buffer(strlen(body), (void *)(intptr_t)body, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result queued;

    MHD_add_response_header(p, "Content-Type", type);
    queued = MHD_queue_response(c, status, p);
    MHD_destroy_response(p);
    return queued;
}

static enum MHD_Result livez(struct MHD_Connection *c)
{
    return say(c, 200, "application/json", "{\"status\":\"alive\"}\n");
}

/* NATS being down does not make us unready: the event log buffers. */
static enum MHD_Result readyz(struct MHD_Connection *c)
{
    const char *why = atomic_load(&missing);
    char body[256];

    if (!why)
        sql_ready(&why);
    if (!why)
        return say(c, 200, "application/json", "{\"status\":\"ready\"}\n");
    snprintf(body, sizeof body, "{\"status\":\"not ready\",\"missing\":\"%s\"}\n", why);
    return say(c, 503, "application/json", body);
}

static enum MHD_Result metrics(struct MHD_Connection *c)
{
    enum MHD_Result said;
    struct work w;

    work_begin(&w, REQUEST, "metrics");
    w.writes = false;
    w.until = clock_ms() + DATABASE_MS;
    said = say(c, 200, "text/plain; version=0.0.4; charset=utf-8", metrics_page(&w));
    work_end(&w);
    return said;
}

static const struct {
    const char *path;
    enum MHD_Result (*page)(struct MHD_Connection *c);
} pages[] = {{"/livez", livez}, {"/readyz", readyz}, {"/metrics", metrics}};

static enum MHD_Result on_request(void *unused, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *body, size_t *length,
                                  void **begun)
{
    (void)unused, (void)version, (void)body;
    if (!*begun || *length) { /* the head, or a body that nobody wants */
        *begun = &server;
        *length = 0;
        return MHD_YES;
    }
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (strcmp(path, pages[i].path) == 0 && strcmp(method, "GET") == 0)
            return pages[i].page(c);
    }
    return say(c, 404, "application/json", "{}\n");
}

bool ops_start(const char *address, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, address, &at.sin_addr) == 1)
        server = MHD_start_daemon(
            MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0,
            NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_TIMEOUT,
            (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
            MHD_OPTION_LISTENING_ADDRESS_REUSE, (unsigned)1, MHD_OPTION_END);
    if (server)
        return true;
    log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return false;
}

void ops_stop(void)
{
    MHD_stop_daemon(server);
}
