/* Orders: from placing to money settled. */
#include "service.h"

#include "orders_areas.h"
#include "orders_events.h"
#include "orders_sql.h"
#include "roles.h"

static const struct area *const areas[] = {&orders_pricing, &orders_orders, &orders_money, NULL};

int main(int argc, char **argv)
{
    static const struct service orders = {
        .name = "orders",
        .port = 8082,
        .areas = areas,
        .roles = roles,
        .events = orders_events,
        .queries = orders_queries,
        .migrations = orders_migrations,
    };

    return service_main(&orders, argc, argv);
}
