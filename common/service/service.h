/* A service is a table of contents: these rows are all it is made of. Every list ends with a row of zeros. */
#ifndef BACKROOM_SERVICE_H
#define BACKROOM_SERVICE_H

#include "consume.h"
#include "deadline.h"
#include "field.h"
#include "flow.h"
#include "import.h"
#include "metrics_page.h"
#include "migrate.h"
#include "model.h"
#include "outbox.h"
#include "principal.h"
#include "resource.h"
#include "route.h"
#include "schedule.h"
#include "sql.h"
#include "work.h"

struct service {
    const char *name; /* also its schema, its role in PostgreSQL and the first word of its events */
    int port;
    const struct route *routes;
    const struct resource *resources;
    const char *const *events; /* the schemas of what it says: events/<aggregate>.json */
    const struct consumer *consumers;
    const struct deadline *deadlines;
    const struct schedule *schedules;
    const struct own_gauge *gauges; /* beside those that every service has */
    const struct import_kind *imports;
    const struct constraint *constraints;
    const struct role *roles;
    const struct query *queries;
    const struct migration *migrations;
    bool plans_by_value; /* its reads are long, and a plan for the very values asked for pays */
};

/* Run the service until SIGTERM; the environment configures it (docs/reference/settings.md). */
int service_main(const struct service *s, int argc, char **argv);

#endif
