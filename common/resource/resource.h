/*
 * A resource as a row: its list, its single item, its timeline and its ETag come from one view, with no C and no
 * SQL of their own. The view has: the key column (default id); `version` where there is an aggregate; `status`
 * where there is a flow; every filter and sort column; `doc` (json, an object); `private` (json, an object of
 * personal data) where there is a reveal scope.
 */
#ifndef BACKROOM_RESOURCE_H
#define BACKROOM_RESOURCE_H

#include "field.h"

struct pg_result;
struct question;
struct step;
struct work;

struct filter {
    const char *name; /* in the query string, or a variable of the path */
    enum field_type type;
    const char *where; /* "placed_at >= ?::timestamptz": ? stands for the value */
};

#define EVERYBODYS "*"

struct resource {
    const char *name;      /* the path segment: "orders" */
    const char *aggregate; /* "order": its events are <service>.order.*; NULL: it has none */
    const char *table;     /* "orders": locked, versioned */
    const char *view;      /* "order_json" */
    const char *read;      /* scope to read it; NULL: open to everybody */
    const char *reveal;    /* scope to see its personal data unmasked; NULL: it has none */
    const char
        *owner; /* column that holds the customer's ref: customer tokens see only theirs. NULL: none of it;
                          EVERYBODYS: all of it, as far as `read` goes */
    const struct filter *filters;
    const char *sorts; /* "created_at,number": the first is the default, newest first */
    const struct step *flow;
    const char *key; /* key column, default "id" */
    const char
        *pending; /* boolean column that a `Prefer: wait` waits to become false; NULL: nothing to wait for */
    bool moves;   /* its view shows what changes without an event (scanned units): never answered with 304 */
};

const char *resource_key(const struct resource *r);
const struct resource *resource_named(struct work *w, const char *name);
const struct resource *resource_of_aggregate(struct work *w, const char *aggregate);

/* Handlers of the routes that the row brings. */
int resource_list(struct work *w);
int resource_one(struct work *w);
/* The latter in two, for those who do not wait in between: what it asks, and what it answers with the row that came. */
struct question resource_question(struct work *w);
int resource_answer(struct work *w, const struct pg_result *rows, int row);

/* Answer with one item of a resource, as GET would; sets ETag and waits for `Prefer: wait` after the commit. The last
 * step of a handler: whoever may see the item as it is gets it as idempotency.c keeps it, in one statement. */
int reply_resource(struct work *w, const char *name, const char *id);

/* An answer that is left to that statement. */
struct item {
    const struct resource *resource;
    const char *id;
};

/* Select its `body` and `etag`, the very bytes that are the answer else. Parameters: from $first on the id and, if the
 * resource has a flow, item_actions(). */
const char *item_select(struct work *w, const struct item *item, int first);
/* What the caller may do to it, by its status: a JSON object. */
const char *item_actions(struct work *w, const struct item *item);
/* After the commit: answer with what was kept, of which w->last_rows has body and etag. */
void item_reply(struct work *w);

/* Read again until the item is not pending or the seconds are over; called after the commit. */
void resource_wait(struct work *w, const struct resource *r, const char *id, int seconds);

#endif
