#include "constraint.h"

#include <stddef.h>

#include "row.h"
#include "work.h"

static const struct constraint common_constraints[] = {
    {"idempotency_pkey", CONFLICT, "idempotency.used", "This Idempotency-Key was used before."},
    {"event_position", CONFLICT, "relay.overtaken", "Another relay has published these events."},
    {"event_too_large", INVALID, "event.too_large",
     "The resource is too large: its event may have at most 256 KiB."},
    {0},
};

static const struct constraint *service_constraints;

void sql_constraints(const struct constraint *rows)
{
    service_constraints = rows;
}

const struct constraint *sql_constraint_named(const char *name)
{
    const struct constraint *c = row_named(service_constraints, name);

    return c ? c : row_named(common_constraints, name);
}
