/* Analytics: facts, sums and figures, made of the events of all other services. */
#include "service.h"

#include "analytics_areas.h"
#include "analytics_events.h"
#include "analytics_sql.h"
#include "archive.h"
#include "parcels.h"
#include "product_stats.h"
#include "roles.h"
#include "sales_facts.h"
#include "service_stats.h"
#include "stock_stats.h"

static const struct area *const areas[] = {
    &analytics_reports, &analytics_ingest,    &analytics_products, &analytics_customers,
    &analytics_sales,   &analytics_logistics, &analytics_service,  NULL,
};

/* What a rebuild applies to each part of the archive, in this order. */
static apply_events *const appliers[] = {
    products_apply,  stock_apply,   orders_apply,  refunds_apply,
    shipments_apply, tickets_apply, surveys_apply, NULL,
};

int main(int argc, char **argv)
{
    static const struct service analytics = {
        .name = "analytics",
        .port = 8085,
        .areas = areas,
        .roles = roles,
        .events = analytics_events,
        .queries = analytics_queries,
        .migrations = analytics_migrations,
        .plans_by_value = true,
    };

    archive_open(appliers);
    return service_main(&analytics, argc, argv);
}
