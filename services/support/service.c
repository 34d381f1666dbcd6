/* Support: customers, tickets, follow-up tasks, surveys. */
#include "service.h"

#include "roles.h"
#include "support_areas.h"
#include "support_events.h"
#include "support_sql.h"

static const struct area *const areas[] = {&support_staff, &support_customers, &support_tickets,
                                           &support_followup, NULL};

int main(int argc, char **argv)
{
    static const struct service support = {
        .name = "support",
        .port = 8084,
        .areas = areas,
        .roles = roles,
        .events = support_events,
        .queries = support_queries,
        .migrations = support_migrations,
    };

    return service_main(&support, argc, argv);
}
