/*
 * The rows that describe a service's resources and the flows of its aggregates.
 *
 * A resource as a row: its list, its single item, its timeline and its ETag come from one view, with no C and
 * no SQL of their own. The view has: the key column (default id); `version` where there is an aggregate;
 * `status` where there is a flow; every filter and sort column; `doc` (json, an object); `private` (json, an
 * object of personal data) where there is a reveal scope.
 */
#ifndef BACKROOM_MODEL_H
#define BACKROOM_MODEL_H

#include "field.h"

struct work;

/* One step in the life of an aggregate. Never a sixth column. */
struct step {
    /* A status, several ("draft|rejected"), or ANY that the flow names. The first status of the first row is
     * where the life begins. */
    const char *from;
    const char *action;
    const char *to;                               /* the status afterwards, or SAME */
    int (*guard)(struct work *w, const char *id); /* OK, or the fault that forbids the step; NULL: none */
    const char *event;                            /* "orders.order.confirmed" */
};

#define ANY  "*"
#define SAME NULL

struct filter {
    const char *name; /* in the query string, or a variable of the path */
    enum field_type type;
    /* "placed_at >= ?::timestamptz": ? stands for the value. NULL: equality with the column `name`. */
    const char *where;
};

#define EVERYBODYS "*"

struct resource {
    const char *name;      /* the path segment: "orders" */
    const char *title;     /* one of them, in words: "order" */
    const char *titles;    /* several; NULL: the title with an s */
    const char *aggregate; /* "order": its events are <service>.order.*; NULL: it has none */
    const char *table;     /* "orders": locked, versioned */
    const char *view;      /* "order_json" */
    const char *read;      /* scope to read it; NULL: open to everybody */
    const char *reveal;    /* scope to see its personal data unmasked; NULL: it has none */
    /* The column with the customer's ref: customer tokens see only theirs. NULL: none of it; EVERYBODYS: all of
     * it, as far as `read` goes. */
    const char *owner;
    const struct filter *filters;
    const char *sorts; /* "created_at,number": the first is the default, newest first */
    const struct step *flow;
    const char *key;     /* key column, default "id" */
    const char *pending; /* boolean column that a `Prefer: wait` waits to become false; NULL: none */
    /* Its view shows what changes without an event (scanned units): it is never answered with 304. */
    bool changes_without_events;
};

/* The service's resources. Once, at start. */
void model_open(const struct resource *resources);
/* All of them; ends with a row of zeros. */
const struct resource *model_resources(void);

/* NULL if there is none. */
const struct resource *model_resource(const char *name);
const struct resource *model_of_aggregate(const char *aggregate);

/* The key column: "id" unless the row sets another. */
const char *resource_key(const struct resource *r);

/* The row for an action in a status, NULL if the action is not allowed there. */
const struct step *flow_find(const struct step *flow, const char *status, const char *action);

/* The first row of a status, NULL if nothing leads on from there. */
const struct step *flow_first(const struct step *flow, const char *status);

#endif
