/* No authentication, no personal data. */
#include "ops.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <ulfius.h>

#include "clock.h"
#include "health.h"
#include "log.h"
#include "metrics.h"
#include "metrics_page.h"
#include "server.h"
#include "work.h"

/* The figures that only the database knows are left out when it does not respond within this. */
enum { DATABASE_MS = 2500, CONNECTIONS_MAX = 64 };

static struct server *server;
static _Atomic(const char *) missing = "starting";

void ops_not_ready(const char *why)
{
    atomic_store(&missing, why);
    metrics_set(READY, why == NULL);
}

static void respond(struct _u_response *p, unsigned status, const char *type, const char *body)
{
    u_map_put(p->map_header, "Content-Type", type);
    ulfius_set_binary_body_response(p, status, body, strlen(body));
}

static void livez(struct _u_response *p)
{
    respond(p, 200, "application/json", "{\"status\":\"alive\"}\n");
}

/* NATS being down does not make the service unready: the event log buffers. */
static void readyz(struct _u_response *p)
{
    const char *why = atomic_load(&missing);
    char body[256];

    if (!why)
        sql_ready(&why);
    if (why)
        snprintf(body, sizeof body, "{\"status\":\"not ready\",\"missing\":\"%s\"}\n", why);
    respond(p, why ? 503 : 200, "application/json", why ? body : "{\"status\":\"ready\"}\n");
}

static void metrics(struct _u_response *p)
{
    struct work w;

    work_begin(&w, REQUEST, "metrics");
    w.writes = false;
    w.until = clock_ms() + DATABASE_MS;
    respond(p, 200, "text/plain; version=0.0.4; charset=utf-8", metrics_page(&w));
    work_end(&w);
}

static const struct {
    const char *path;
    void (*page)(struct _u_response *p);
} pages[] = {{"/livez", livez}, {"/readyz", readyz}, {"/metrics", metrics}};

static int serve(const struct _u_request *q, struct _u_response *p)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (strcmp(q->url_path, pages[i].path) == 0 && strcmp(q->http_verb, "GET") == 0) {
            pages[i].page(p);
            return U_CALLBACK_COMPLETE;
        }
    }
    respond(p, 404, "application/json", "{}\n");
    return U_CALLBACK_COMPLETE;
}

bool ops_start(const char *address, int port)
{
    const struct server_settings settings = {.address = address,
                                             .port = port,
                                             .connections = CONNECTIONS_MAX,
                                             .connections_per_address = CONNECTIONS_MAX,
                                             .serve = serve};

    server = server_start(&settings);
    if (!server)
        log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return server;
}

void ops_stop(void)
{
    server_stop(server);
}
