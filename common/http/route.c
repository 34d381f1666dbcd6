#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bound_route bound[ROUTES_MAX];
static int bound_count;

/* "v1/orders/{id}" → "v1", "orders", "{id}", and of the last the variable "id". */
static void cut(struct bound_route *b)
{
    char *rest = b->text, *segment, *name = b->names;

    while ((segment = strsep(&rest, "/")) && b->count < SEGMENTS_MAX) {
        size_t n = strlen(segment);

        if (*segment == '{') {
            snprintf(name, n - 1, "%s", segment + 1);
            b->variables[b->count] = name;
            name += n;
        }
        b->segments[b->count++] = segment;
    }
    if (segment) {
        fprintf(stderr, "%s has more than %d segments\n", b->path, SEGMENTS_MAX);
        abort();
    }
}

void route_add(struct route row, const struct resource *resource)
{
    struct bound_route *b = &bound[bound_count];

    if (bound_count == ROUTES_MAX || strlen(row.path) >= PATH_LENGTH) {
        fprintf(stderr, "more than %d routes, or a path too long: %s\n", ROUTES_MAX, row.path);
        abort();
    }
    bound_count++;
    b->row = row;
    b->resource = resource;
    snprintf(b->path, sizeof b->path, "%s", row.path);
    snprintf(b->text, sizeof b->text, "%s", row.path + 1);
    b->row.path = b->path;
    cut(b);
}

const struct bound_route *route_all(int *count)
{
    *count = bound_count;
    return bound;
}

static bool matches(const struct bound_route *b, char **segments, int count)
{
    if (b->count != count)
        return false;
    for (int i = 0; i < count; i++) {
        if (b->variables[i] ? !*segments[i] : strcmp(b->segments[i], segments[i]) != 0)
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
        if (!matches(&bound[i], segments, count))
            continue;
        if (strcmp(bound[i].row.method, method) == 0)
            return &bound[i];
        if (!strstr(allowed, bound[i].row.method))
            snprintf(allowed + strlen(allowed), room - strlen(allowed), "%s%s", *allowed ? ", " : "",
                     bound[i].row.method);
    }
    return NULL;
}
