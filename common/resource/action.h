/* Handlers of routes that are rows only: a step of the flow, a query, a response. */
#ifndef BACKROOM_ACTION_H
#define BACKROOM_ACTION_H

struct query;
struct work;

/*
 * POST /v1/<resource>/{id}/<action>: takes the step that the path's last segment names, then runs the route's
 * `query`, if it has one (:exec), and answers with the resource.
 */
int action_route(struct work *w);

/* GET: answers with the JSON of the route's `query` (:json). */
int query_route(struct work *w);

/*
 * The service's queries. Once, at start, after the routes are bound. A parameter of a route's query is filled
 * by its name: with the path's variable, with `actor`, or with the input's member; a query or a name that
 * there is not ends the process with a message.
 */
void action_open(const struct query *queries);

#endif
