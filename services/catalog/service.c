/* Catalog: products, the stock ledger and reservations. */
#include "service.h"

#include "catalog_areas.h"
#include "catalog_events.h"
#include "catalog_sql.h"
#include "roles.h"

static const struct area *const areas[] = {&catalog_products, &catalog_stock, NULL};

int main(int argc, char **argv)
{
    static const struct service catalog = {
        .name = "catalog",
        .port = 8081,
        .areas = areas,
        .roles = roles,
        .events = catalog_events,
        .queries = catalog_queries,
        .migrations = catalog_migrations,
    };

    return service_main(&catalog, argc, argv);
}
