/* Reports over all areas, and common parts: windows, drill-down lists. */
#include "analytics_areas.h"
#include "report.h"
#include "stages.h"

static const struct route routes[] = {
    {"GET", "/v1/stages", "reports:read", window_fields, stages_get, 200,
     "Get the time of orders in each stage"},
    {0},
};

const struct area analytics_reports = {
    .name = "reports",
    .routes = routes,
};
