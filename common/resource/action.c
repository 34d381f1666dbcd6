#include "flow.h"

#include "model.h"
#include "request.h"
#include "resource.h"
#include "route.h"
#include "work.h"

int flow_route(struct work *w)
{
    const struct bound_route *route = w->request->route;
    const char *id = path_var(w, resource_key(route->resource));

    TRY(flow_apply(w, route->resource->aggregate, id, route->segments[route->count - 1]));
    return reply_resource(w, route->resource->name, id);
}
