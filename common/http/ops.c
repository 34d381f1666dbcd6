/* The second port: small, with threads of its own, no authentication, no personal data. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <string.h>
#include <ulfius.h>

#include "clock.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "service.h"
#include "sql.h"
#include "work.h"

/* The figures that only the database knows are left out when it does not tell them within this. */
enum { DATABASE_MS = 2500 };

static struct _u_instance instance;
static _Atomic(const char *) missing = "starting";

void ops_not_ready(const char *why)
{
    atomic_store(&missing, why);
    metrics_set(READY, why == NULL);
}

static int say(struct _u_response *p, unsigned status, const char *type, const char *body)
{
    u_map_put(p->map_header, "Content-Type", type);
    ulfius_set_binary_body_response(p, status, body, strlen(body));
    return U_CALLBACK_CONTINUE;
}

static int livez(const struct _u_request *q, struct _u_response *p, void *unused)
{
    (void)q, (void)unused;
    return say(p, 200, "application/json", "{\"status\":\"alive\"}\n");
}

/* NATS being down does not make us unready: the event log buffers. */
static int readyz(const struct _u_request *q, struct _u_response *p, void *unused)
{
    const char *why = atomic_load(&missing);
    char body[256];

    (void)q, (void)unused;
    if (!why)
        sql_ready(&why);
    if (!why)
        return say(p, 200, "application/json", "{\"status\":\"ready\"}\n");
    snprintf(body, sizeof body, "{\"status\":\"not ready\",\"missing\":\"%s\"}\n", why);
    return say(p, 503, "application/json", body);
}

static int metrics(const struct _u_request *q, struct _u_response *p, void *unused)
{
    static const struct service nobody;
    struct work w;

    (void)q, (void)unused;
    work_begin(&w, &nobody, REQUEST, "metrics");
    w.writes = false;
    w.until = clock_ms() + DATABASE_MS;
    say(p, 200, "text/plain; version=0.0.4; charset=utf-8", metrics_page(&w));
    work_end(&w);
    return U_CALLBACK_CONTINUE;
}

bool ops_start(const char *address, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
        ulfius_init_instance(&instance, (unsigned)port, &at, NULL) != U_OK)
        return false;
    instance.timeout = 15;
    instance.allowed_post_processor = U_POST_PROCESS_NONE;
    instance.max_post_body_size = 1024;
    ulfius_add_endpoint_by_val(&instance, "GET", "/livez", NULL, 0, livez, NULL);
    ulfius_add_endpoint_by_val(&instance, "GET", "/readyz", NULL, 0, readyz, NULL);
    ulfius_add_endpoint_by_val(&instance, "GET", "/metrics", NULL, 0, metrics, NULL);
    if (ulfius_start_framework(&instance) == U_OK)
        return true;
    log_error(NULL, "http.start", "cannot listen on %s:%d", address, port);
    return false;
}

void ops_stop(void)
{
    ulfius_stop_framework(&instance);
    ulfius_clean_instance(&instance);
}
