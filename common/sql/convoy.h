/*
 * Changes of many requests, written together: those who write the same kinds of rows at the same time travel in one
 * transaction, with one statement for the rows of all. PostgreSQL spends most of a small statement on its beginning and its
 * end. Who finds nobody else travels at once, by himself; where anything fails, each goes alone and hears what was wrong with
 * his own. docs/adr/0018-changes-travel-together.md. Inside common/sql only.
 */
#ifndef BACKROOM_CONVOY_H
#define BACKROOM_CONVOY_H

#include <stdbool.h>

struct work;

/* All of w->cargo goes, in a transaction that commits, or as one question. `alone` is how the work does it by itself, and
 * is called where it has no company. Returns when everything was done: w->fault. */
int convoy_travel(struct work *w, bool commits, int (*alone)(struct work *w));

#endif
