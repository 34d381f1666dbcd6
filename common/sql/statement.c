#include "statement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pool.h"

/* A plan made for a table of fifty rows walks through all of it, and PostgreSQL makes it anew only when somebody analyzed
 * the table: a minute later, when it may have 50,000. Planning anew looks at how large tables are now. */
enum { PLANS_MS = 10000 };

static size_t slot_of(char **set, size_t room, const char *name)
{
    uint64_t h = 14695981039346656037u;

    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    for (size_t i = h & (room - 1);; i = (i + 1) & (room - 1)) {
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

/* The same statement may stand in the pipeline twice before the first result is read. */
static bool is_being_prepared(const struct sql_conn *c, const char *name)
{
    for (int i = 0; i < c->pending_count; i++) {
        if (c->pending[i].prepares && strcmp(c->pending[i].prepares, name) == 0)
            return true;
    }
    return false;
}

static void queue(struct sql_conn *c, const char *prepares, const char *what, bool answers)
{
    c->pending[c->pending_count++] = (struct pending){prepares, what, answers};
}

bool statement_prepare(struct sql_conn *c, const char *name, const char *sql, int n)
{
    if (is_prepared(c, name) || is_being_prepared(c, name))
        return true;
    if (!PQsendPrepare(c->pg, name, sql, n, NULL))
        return false;
    queue(c, name, name, false);
    return true;
}

/* Between two pipelines, as no result that is still to come must be taken for another. */
static bool renew_plans(struct sql_conn *c)
{
    int64_t now = clock_ms();

    if (c->pending_count || now < c->plans_until)
        return true;
    if (c->plans_until) {
        if (!PQsendQueryParams(c->pg, "discard plans", 0, NULL, NULL, NULL, NULL, 0))
            return false;
        queue(c, NULL, "discard plans", false);
    }
    c->plans_until = now + PLANS_MS;
    return true;
}

bool statement_send(struct sql_conn *c, const char *name, const char *sql, int n, const char *const *values)
{
    if (!renew_plans(c) || !statement_prepare(c, name, sql, n) ||
        !PQsendQueryPrepared(c->pg, name, n, values, NULL, NULL, 0))
        return false;
    queue(c, NULL, name, true);
    return true;
}
