/* The routes of a service as rows, and the match of a request to a row. */
#ifndef BACKROOM_ROUTE_H
#define BACKROOM_ROUTE_H

#include <stdbool.h>

struct field;
struct resource;
struct work;

struct route {
    const char *method, *path;  /* "/v1/orders/{id}/hold": {…} stands for one segment */
    const char *scope;          /* what the caller's roles must grant; NULL: open to everybody */
    const struct field *fields; /* of the body, or of the query string on a GET; NULL: none allowed */
    int (*handler)(struct work *w);
    int status; /* of the response on success */
    const char *summary;
    const char
        *query; /* of action_route() and query_route() (action.h): the name of one of the service's queries */
    bool raw;   /* the body is a piece of a file, not JSON: the handler finds it in the request */
};

enum { SEGMENTS_MAX = 8, ROUTES_MAX = 256, PATH_LENGTH = 128 };

/* A route as it is served: a service's own row, or one that a resource row brings with it. */
struct bound_route {
    struct route row;
    const struct resource *resource; /* whose collection the path is in, or NULL */
    char path[PATH_LENGTH], text[PATH_LENGTH], names[PATH_LENGTH]; /* what the following point into */
    const char *segments[SEGMENTS_MAX];                            /* "orders", "{id}" */
    const char *variables[SEGMENTS_MAX]; /* "id" where the segment is a variable, else NULL */
    int count;
};

/* Add a row; resource: whose collection its path is in, or NULL. Before serving. What exceeds a limit ends
 * the process. */
void route_add(struct route row, const struct resource *resource);
const struct bound_route *route_all(int *count);

/* The route for a method and decoded path segments; NULL if none, *allowed then lists the path's methods
 * ("GET, POST") or is empty when the path is unknown. */
const struct bound_route *route_match(const char *method, char **segments, int count, char allowed[64]);

#endif
