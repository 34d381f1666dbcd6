/* An area: the tables of routes, resources, consumers and so on of services/<service>/<area>/<area>.c.
 * Each of its tables ends with a row of zeros, and may be NULL. */
#ifndef BACKROOM_AREA_H
#define BACKROOM_AREA_H

#include "action.h"
#include "consume.h"
#include "deadline.h"
#include "field.h"
#include "flow.h"
#include "import.h"
#include "metrics_page.h"
#include "model.h"
#include "outbox.h"
#include "resource.h"
#include "route.h"
#include "schedule.h"
#include "sql.h"
#include "work.h"

struct area {
    const char *name;
    const struct route *routes;
    const struct resource *resources;
    const struct consumer *consumers;
    const struct deadline *deadlines;
    const struct schedule *schedules;
    const struct own_gauge *gauges; /* beside those that every service has */
    const struct import_kind *imports;
    const struct constraint *constraints;
};

#endif
