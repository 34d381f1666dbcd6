#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bound_route bound[ROUTES_MAX];
static int bound_count;

void route_add(struct route row, const struct resource *resource)
{
    struct bound_route *b = &bound[bound_count];
    char *rest = b->text;

    if (bound_count == ROUTES_MAX || strlen(row.path) >= sizeof b->path) {
        fprintf(stderr, "more than %d routes, or a path too long: %s\n", ROUTES_MAX, row.path);
        abort();
    }
    bound_count++;
    b->row = row;
    snprintf(b->path, sizeof b->path, "%s", row.path);
    snprintf(b->text, sizeof b->text, "%s", row.path + 1);
    b->row.path = b->path;
    while (b->count < SEGMENTS_MAX && (b->segments[b->count] = strsep(&rest, "/")))
        b->count++;
    b->resource = resource;
}

const struct bound_route *route_all(int *count)
{
    *count = bound_count;
    return bound;
}

static bool meets(const struct bound_route *b, char **segments, int count)
{
    if (b->count != count)
        return false;
    for (int i = 0; i < count; i++) {
        if (b->segments[i][0] == '{' ? !*segments[i] : strcmp(b->segments[i], segments[i]) != 0)
            return false;
    }
    return true;
}

const struct bound_route *route_match(const char *method, char **segments, int count, char allowed[64])
{
    size_t room = 64;

    allowed[0] = '\0';
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (int i = 0; i < bound_count; i++) {
        if (!meets(&bound[i], segments, count))
            continue;
        if (strcmp(bound[i].row.method, method) == 0)
            return &bound[i];
        if (!strstr(allowed, bound[i].row.method))
            snprintf(allowed + strlen(allowed), room - strlen(allowed), "%s%s", *allowed ? ", " : "",
                     bound[i].row.method);
    }
    return NULL;
}
