#include "service.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "areas.h"
#include "asyncapi.h"
#include "bus.h"
#include "common_sql.h"
#include "config.h"
#include "cursor.h"
#include "cursor_queries.h"
#include "deadline.h"
#include "dispatch.h"
#include "flow_diagrams.h"
#include "history.h"
#include "item.h"
#include "log.h"
#include "model.h"
#include "openapi.h"
#include "ops.h"
#include "pool.h"
#include "principal.h"
#include "purge.h"
#include "relay.h"
#include "routes.h"
#include "runner.h"
#include "status_check.h"
#include "token.h"
#include "worker.h"

enum { DRAIN_SECONDS = 20, START_TRIES = 600, FILES = 16384 };

static bool read_secret(void)
{
    struct secret_get_row row;
    struct work w;
    bool good;

    work_begin(&w, JOB, "start");
    w.writes = false;
    good = q_secret_get(&w, "cursor", &row) == OK;
    if (good)
        cursor_secret(row.value);
    work_end(&w);
    return good;
}

/* The database may come up after us: wait for it, not ready meanwhile. A schema that does not fit is
 * final. */
static bool open_database(const struct service *s)
{
    const struct query *const tables[] = {common_queries, s->queries, NULL};
    bool up = false;

    conn_configure(config_text("DATABASE_URL", ""), s->name, s->plans_by_value);
    conn_pool_open((int)config_int("POOL_SIZE", 8));
    for (int i = 0; i < START_TRIES && !up; i++) {
        struct sql_conn *c = conn_take(100, INT64_MAX, BACKGROUND);

        up = c != NULL;
        if (c)
            conn_give(c);
        else
            usleep(500 * 1000);
    }
    return up && migrate(s->name, common_migrations, s->migrations) && sql_prepare_all(tables) &&
           statuses_agree(s->events) && read_secret();
}

/* Hand each module its rows. */
static void open_modules(const struct service *s, const struct area *all)
{
    model_open(all->resources);
    principal_roles(s->roles);
    sql_constraints(all->constraints);
    deadline_open();
    outbox_open(s->name);
    item_open();
    consume_open(all->consumers);
    routes_bind(all->routes, all->imports);
    action_open(s->queries);
    openapi_open(s->name);
    asyncapi_open(s->name, s->events, all->imports);
    metrics_gauges(all->gauges);
}

static void wait_for_signal(void)
{
    sigset_t set;
    int signal;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &signal);
}

/* Two for each connection (connections.c), and some. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Threads inherit the mask: only wait_for_signal() sees a signal. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 0);
}

static void stop_all(void)
{
    ops_not_ready("stopping");
    http_drain(DRAIN_SECONDS);
    runners_stop();
    workers_stop();
    history_stop();
    relay_stop();
    bus_close();
    sql_close();
    ops_stop();
}

static int serve(const struct service *s, const struct area *all)
{
    const char *address = config_text("BIND", "127.0.0.1");
    int port = (int)config_int("PORT", s->port);

    block_signals();
    raise_file_limit();
    log_open(s->name, config_text("INSTANCE", "1"));
    gnutls_global_init();
    json_object_seed(0);
    open_modules(s, all);
    if (!ops_start(address, (int)config_int("OPS_PORT", port + 1000)))
        return 1;
    if (!token_open(config_text("JWKS_FILE", "jwks.json")) || !open_database(s))
        return 1;
    bus_open(config_text("NATS_URL", "nats://127.0.0.1:4222"), s->name);
    relay_start(s->name);
    history_start(s->name);
    workers_start(s->name, all->consumers);
    deadline_start(all->deadlines);
    schedule_start(all->schedules);
    import_start(all->imports);
    purge_start();
    if (!http_start(address, port))
        return 1;
    ops_not_ready(NULL);
    log_info(NULL, "service.ready", "serving on %s:%d", address, port);
    wait_for_signal();
    log_info(NULL, "service.stopping", "stopping: finishing the requests in progress");
    stop_all();
    log_info(NULL, "service.stopped", "stopped");
    return 0;
}

static const struct {
    const char *option;
    void (*print)(void);
} descriptions[] = {
    {"--openapi", openapi_print}, {"--asyncapi", asyncapi_print}, {"--flows", flow_diagrams_print}};

int service_main(const struct service *s, int argc, char **argv)
{
    struct area all = areas_join(s->name, s->areas);

    for (size_t i = 0; argc == 2 && i < COUNT(descriptions); i++) {
        if (strcmp(argv[1], descriptions[i].option) == 0) {
            open_modules(s, &all);
            descriptions[i].print();
            return 0;
        }
    }
    if (argc == 1)
        return serve(s, &all);
    fprintf(stderr,
            "usage: %s [--openapi | --asyncapi | --flows]\nThe environment configures it: see "
            "docs/reference/settings.md.\n",
            argv[0]);
    return 2;
}
