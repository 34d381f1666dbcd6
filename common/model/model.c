#include "model.h"

#include <string.h>

#include "row.h"

static const struct resource *rows;

void model_open(const struct resource *resources)
{
    rows = resources;
}

const struct resource *model_resources(void)
{
    return rows;
}

const char *resource_key(const struct resource *r)
{
    return r->key ? r->key : "id";
}

const struct resource *model_resource(const char *name)
{
    return row_named(rows, name);
}

const struct resource *model_of_aggregate(const char *aggregate)
{
    const struct resource *r = rows;

    while (r && r->name && (!r->aggregate || strcmp(r->aggregate, aggregate) != 0))
        r++;
    return r && r->name ? r : NULL;
}

const struct step *flow_find(const struct step *flow, const char *status, const char *action)
{
    for (; flow->from; flow++) {
        if (strcmp(flow->from, status) == 0 && strcmp(flow->action, action) == 0)
            return flow;
    }
    return NULL;
}

const struct step *flow_first(const struct step *flow, const char *status)
{
    return row_by(flow, from, status);
}
