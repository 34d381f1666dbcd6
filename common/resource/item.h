/*
 * The JSON of a resource's item as the caller may see it: the view's document, personal data in full or
 * masked, the version, and what the caller may do to it. PostgreSQL composes it in one select, which lists,
 * single items and stored responses share; only where personal data is masked does it return the parts, as
 * masking.c costs a third of what it does in SQL (docs/adr/0015-response-stored-with-the-commit.md).
 */
#ifndef BACKROOM_ITEM_H
#define BACKROOM_ITEM_H

#include <stdbool.h>

#include "model.h"

struct pg_result;
struct text;
struct work;

/* Which items of a resource the caller may see: customers only their own, and none of a resource without
 * owners. */
enum visibility { SEES_ALL, SEES_OWN, SEES_NONE };
enum visibility item_visibility(const struct work *w, const struct resource *r);
/* Does the resource have personal data that the caller may see only masked? */
bool item_is_masked(const struct work *w, const struct resource *r);

/* What item_columns() selects, in this order. */
enum item_column { ITEM_BODY, ITEM_PERSONAL, ITEM_TAIL, ITEM_VERSION, ITEM_KEY, ITEM_PENDING, ITEM_COLUMNS };
/* `actions` is the SQL of item_actions() as a parameter; it is used if the resource has a flow. */
const char *item_columns(struct work *w, const struct resource *r, const char *actions);
/* The actions that the caller may take, by status: a JSON object. */
const char *item_actions(struct work *w, const struct resource *r);
/* Append the JSON of a row of these columns. */
void item_add(struct work *w, struct text *out, const struct pg_result *rows, int row);

/* A response that is composed as it is stored, in the statement that does so. */
struct item {
    const struct resource *resource; /* NULL: there is none */
    const char *id;
};
/* Keeps the item for the end of the transaction. False if it cannot be composed there: its personal data must
 * be masked, or the caller may see none. */
bool item_defer(struct work *w, const struct resource *r, const char *id);
/* The item that was deferred, NULL if none was. */
const struct item *item_deferred(struct work *w);
/* Selects its `body` and `etag`. The SQL of three values: its id, item_actions() and the caller's subject. */
const char *item_select(struct work *w, const struct item *item, const char *id, const char *actions,
                        const char *subject);

/* Once, at start. */
void item_open(void);

#endif
