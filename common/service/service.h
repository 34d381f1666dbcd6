/* A service is a list of areas. At start their tables are joined, and each module is handed its own. */
#ifndef BACKROOM_SERVICE_H
#define BACKROOM_SERVICE_H

#include "area.h"
#include "migrate.h"
#include "principal.h"

struct service {
    const char *name; /* also its schema, its role in PostgreSQL and the first word of its events */
    int port;
    const struct area *const *areas; /* ends with NULL */
    const struct role *roles;
    const char *const *events; /* the schemas of the events it publishes: <area>/events/<aggregate>.json */
    const struct query *queries;
    const struct migration *migrations;
    bool plans_by_value; /* its reads are long, and a plan for the very values asked for pays */
};

/* Run the service until SIGTERM; the environment configures it (docs/reference/settings.md). */
int service_main(const struct service *s, int argc, char **argv);

#endif
