/* Fulfillment: shipments from confirmed orders to delivery. */
#include "service.h"

#include "fulfillment_areas.h"
#include "fulfillment_events.h"
#include "fulfillment_sql.h"
#include "roles.h"

static const struct area *const areas[] = {&fulfillment_outbound, &fulfillment_carriers, NULL};

int main(int argc, char **argv)
{
    static const struct service fulfillment = {
        .name = "fulfillment",
        .port = 8083,
        .areas = areas,
        .roles = roles,
        .events = fulfillment_events,
        .queries = fulfillment_queries,
        .migrations = fulfillment_migrations,
    };

    return service_main(&fulfillment, argc, argv);
}
