#include "action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "flow.h"
#include "model.h"
#include "request.h"
#include "resource.h"
#include "route.h"
#include "sql.h"
#include "work.h"

enum { PARAMETERS_MAX = 16, NAME_MAX_BYTES = 64 };

static const struct query *all_queries;

static const struct query *query_named(const char *name)
{
    const struct query *q = all_queries;

    while (q && q->name && strcmp(q->name, name) != 0)
        q++;
    return q && q->name ? q : NULL;
}

/* The next of "id,actor"; false behind the last. */
static bool next_name(const char **names, char name[NAME_MAX_BYTES])
{
    size_t length = strcspn(*names, ",");

    if (!length)
        return false;
    snprintf(name, NAME_MAX_BYTES, "%.*s", (int)length, *names);
    *names += length + ((*names)[length] == ',');
    return true;
}

/* --- at start ------------------------------------------------------------------------------------------------ */

static bool is_path_variable(const struct bound_route *route, const char *name)
{
    char variable[NAME_MAX_BYTES + 2];

    snprintf(variable, sizeof variable, "{%s}", name);
    return strstr(route->row.path, variable) != NULL;
}

static bool is_field(const struct field *fields, const char *name)
{
    while (fields && fields->name && strcmp(fields->name, name) != 0)
        fields++;
    return fields && fields->name;
}

static _Noreturn void refuse(const struct bound_route *route, const char *why, const char *name)
{
    fprintf(stderr, "%s %s: its query %s %s%s\n", route->row.method, route->row.path, route->row.query, why,
            name);
    abort();
}

static void check(const struct bound_route *route)
{
    const struct query *query = query_named(route->row.query);
    const char *names = query ? query->names : "";
    char name[NAME_MAX_BYTES];

    if (!query)
        refuse(route, "does not exist", "");
    if (query->parameters > PARAMETERS_MAX)
        refuse(route, "has too many parameters", "");
    while (next_name(&names, name)) {
        if (strcmp(name, "actor") != 0 && !is_path_variable(route, name) &&
            !is_field(route->row.fields, name))
            refuse(route, "has a parameter that is neither in the path nor among the fields: ", name);
    }
}

void action_open(const struct query *queries)
{
    const struct bound_route *routes;
    int count;

    all_queries = queries;
    routes = route_all(&count);
    for (int i = 0; i < count; i++) {
        if (routes[i].row.query)
            check(&routes[i]);
    }
}

/* --- handlers ------------------------------------------------------------------------------------------------- */

static const char *input_text(struct work *w, const char *name)
{
    json_t *value = in_get(w, name);

    return json_is_string(value) ? json_string_value(value) : in_json(w, name);
}

static const char *value_of(struct work *w, const char *name)
{
    if (is_path_variable(w->request->route, name))
        return path_var(w, name);
    return strcmp(name, "actor") == 0 ? w->actor : input_text(w, name);
}

static void fill(struct work *w, const struct query *query, const char *values[PARAMETERS_MAX])
{
    const char *names = query->names;
    char name[NAME_MAX_BYTES];

    for (int i = 0; next_name(&names, name); i++)
        values[i] = value_of(w, name);
}

int action_route(struct work *w)
{
    const struct bound_route *route = w->request->route;
    const char *id = path_var(w, resource_key(route->resource)), *values[PARAMETERS_MAX];
    const struct query *query = route->row.query ? query_named(route->row.query) : NULL;

    TRY(flow_apply(w, route->resource->aggregate, id, route->segments[route->count - 1]));
    if (query) {
        fill(w, query, values);
        TRY(sql_exec(w, query, values));
    }
    return reply_resource(w, route->resource->name, id);
}

int query_route(struct work *w)
{
    const struct query *query = query_named(w->request->route->row.query);
    const char *values[PARAMETERS_MAX], *json;

    fill(w, query, values);
    TRY(sql_json(w, query, values, &json));
    return reply(w, json);
}
