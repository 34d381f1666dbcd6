#include "statement.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connection.h"
#include "hash.h"

/* A plan that was made for a table of fifty rows reads all of it, and PostgreSQL makes it anew only after the
 * table was analyzed: a minute later, when it may have 50,000. Planning anew looks at how large tables are
 * now. */
enum { PLANS_MS = 10000 };

static size_t slot_of(char **set, size_t room, const char *name)
{
    for (size_t i = hash_text(name) & (room - 1);; i = (i + 1) & (room - 1)) {
        if (!set[i] || strcmp(set[i], name) == 0)
            return i;
    }
}

static bool is_prepared(struct sql_conn *c, const char *name)
{
    return c->prepared_room && c->prepared[slot_of(c->prepared, c->prepared_room, name)];
}

void statement_prepared(struct sql_conn *c, const char *name)
{
    if ((c->prepared_count + 1) * 2 > c->prepared_room) {
        size_t room = c->prepared_room ? c->prepared_room * 2 : 256;
        char **set = calloc(room, sizeof *set);

        for (size_t i = 0; i < c->prepared_room; i++) {
            if (c->prepared[i])
                set[slot_of(set, room, c->prepared[i])] = c->prepared[i];
        }
        free(c->prepared);
        c->prepared = set;
        c->prepared_room = room;
    }
    size_t slot = slot_of(c->prepared, c->prepared_room, name);

    if (!c->prepared[slot]) {
        c->prepared[slot] = strdup(name);
        c->prepared_count++;
    }
}

/* The same statement may be in the pipeline twice before the first result is read. */
static bool is_being_prepared(const struct sql_conn *c, const char *name)
{
    for (int i = 0; i < c->pending_count; i++) {
        if (c->pending[i].prepares && strcmp(c->pending[i].prepares, name) == 0)
            return true;
    }
    return false;
}

static void queue(struct sql_conn *c, const char *prepares, const char *what)
{
    c->pending[c->pending_count++] = (struct pending){prepares, what};
}

bool statement_prepare(struct sql_conn *c, const char *name, const char *sql, int n)
{
    if (is_prepared(c, name) || is_being_prepared(c, name))
        return true;
    if (!PQsendPrepare(c->pg, name, sql, n, NULL))
        return false;
    queue(c, name, name);
    return true;
}

/* Only where no result is outstanding, so that none is taken for another. */
static bool renew_plans(struct sql_conn *c)
{
    int64_t now = clock_ms();

    if (c->pending_count || now < c->plans_until)
        return true;
    if (c->plans_until) {
        if (!PQsendQueryParams(c->pg, "discard plans", 0, NULL, NULL, NULL, NULL, 0))
            return false;
        queue(c, NULL, "discard plans");
    }
    c->plans_until = now + PLANS_MS;
    return true;
}

bool statement_send(struct sql_conn *c, const char *name, const char *sql, int n, const char *const *values)
{
    if (!renew_plans(c) || !statement_prepare(c, name, sql, n) ||
        !PQsendQueryPrepared(c->pg, name, n, values, NULL, NULL, 0))
        return false;
    queue(c, NULL, name);
    return true;
}
