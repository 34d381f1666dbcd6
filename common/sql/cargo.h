/*
 * Statements that wait to be written together with those of others, and how that is done: one statement for the rows of all,
 * and each hears of his own. Who goes with whom is convoy.h's business. Inside common/sql only.
 */
#ifndef BACKROOM_CARGO_H
#define BACKROOM_CARGO_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct pg_result;
struct work;

/* A statement that waits, in its work's memory. */
struct cargo {
    struct cargo *next;
    const char *name, *sql;
    int n;
    const char **values;
    void (*take)(struct work *w, struct pg_result *result, void *into); /* NULL: nobody looks at its rows */
    void *into;
};

/* A statement with SQL_EACH (sql.h) as it is sent for several, and its name: its parameters are columns of `each`, which has
 * a row for every asker. NULL where it has none. */
const char *cargo_statement(struct arena *arena, const char *sql, int n);
const char *cargo_name(struct arena *arena, const char *name);

/* Keep a statement until it travels: the last one of w->cargo. False when it cannot wait for others, as it says nothing of
 * SQL_EACH or there is too much of it: nothing was added. */
bool cargo_load(struct work *w, const char *name, const char *sql, int n, const char *const *values);
/* The same statements, one after the other? */
bool cargo_alike(const struct cargo *a, const struct cargo *b);

/* So many may send theirs together. */
enum { CARGO_MOST = 32 };

/* Queue on the carrier what these works, whose cargo is alike, have to send; what their rows say they are told when the
 * carrier waits for it. */
int cargo_send(struct work *carrier, struct work *const *works, int count);

#endif
