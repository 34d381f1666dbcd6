#include "cargo.h"

#include <libpq-fe.h>
#include <string.h>

#include "sql.h"
#include "work.h"

/* What is heavier would hold up others, and takes no harm from going alone. */
enum { STATEMENTS = 16, BYTES = 16384 };

/* --- statements for several ----------------------------------------------------------------------------- */

static void add_rows(struct text *t, int n)
{
    text_add(t, "unnest(");
    for (int i = 1; i <= n; i++)
        text_addf(t, "%s$%d::text[]", i > 1 ? ", " : "", i);
    text_add(t, ") each(");
    for (int i = 1; i <= n; i++)
        text_addf(t, "%sp%d", i > 1 ? ", " : "", i);
    text_add(t, ")");
}

/* $1 becomes each.p1. */
static void add_columns(struct text *t, const char *sql, const char *end)
{
    for (; sql < end; sql++) {
        if (*sql == '$')
            text_add(t, "each.p");
        else
            text_add_bytes(t, sql, 1);
    }
}

const char *cargo_statement(struct arena *arena, const char *sql, int n)
{
    const char *row = strstr(sql, SQL_EACH);
    struct text t = text_new(arena);

    if (!row || !n)
        return NULL;
    add_columns(&t, sql, row);
    add_rows(&t, n);
    row += strlen(SQL_EACH);
    add_columns(&t, row, row + strlen(row));
    return t.bytes;
}

const char *cargo_name(struct arena *arena, const char *name)
{
    return arena_format(arena, "%s each", name);
}

/* --- loading -------------------------------------------------------------------------------------------- */

static size_t bytes_of(int n, const char *const *values)
{
    size_t bytes = 0;

    for (int i = 0; i < n; i++)
        bytes += values[i] ? strlen(values[i]) : 0;
    return bytes;
}

static struct cargo *keep(struct work *w, const char *name, const char *sql, int n, const char *const *values)
{
    struct cargo *c = arena_alloc(w->arena, sizeof *c);

    *c = (struct cargo){.name = name, .sql = sql, .n = n};
    c->values = arena_alloc(w->arena, (size_t)n * sizeof *c->values);
    for (int i = 0; i < n; i++)
        c->values[i] = values[i] ? arena_copy(w->arena, values[i], strlen(values[i])) : NULL;
    return c;
}

bool cargo_load(struct work *w, const char *name, const char *sql, int n, const char *const *values)
{
    struct cargo **end = &w->cargo;
    size_t bytes;
    int count = 1;

    if (!n || !strstr(sql, SQL_EACH))
        return false;
    for (bytes = bytes_of(n, values); *end; end = &(*end)->next, count++)
        bytes += bytes_of((*end)->n, (*end)->values);
    if (bytes > BYTES || count > STATEMENTS)
        return false;
    *end = keep(w, name, sql, n, values);
    return true;
}

bool cargo_alike(const struct cargo *a, const struct cargo *b)
{
    while (a && b && strcmp(a->name, b->name) == 0) {
        a = a->next;
        b = b->next;
    }
    return !a && !b;
}

/* --- one statement for all ------------------------------------------------------------------------------ */

/* Who asks in a statement, and what. */
struct asked {
    struct work *work[CARGO_MOST];
    const struct cargo *cargo[CARGO_MOST];
    int count;
};

static int whose(const struct asked *a, const char *key)
{
    int i = 0;

    while (i < a->count && strcmp(a->cargo[i]->values[0], key) != 0)
        i++;
    return i;
}

/* Do their rows tell whose they are? */
static bool can_be_told_apart(const struct asked *a)
{
    for (int i = 0; a->cargo[0]->take && i < a->count; i++) {
        const char *key = a->cargo[i]->values[0];

        if (!key || whose(a, key) != i)
            return false;
    }
    return true;
}

static void add_row(PGresult *to, const PGresult *from, int row)
{
    int place = PQntuples(to);

    for (int i = 0; i < PQnfields(from); i++) {
        bool null = PQgetisnull(from, row, i);

        PQsetvalue(to, place, i, null ? NULL : PQgetvalue(from, row, i),
                   null ? -1 : PQgetlength(from, row, i));
    }
}

/* Each gets his own rows. */
static void share_out(struct work *carrier, PGresult *r, void *asked)
{
    const struct asked *a = asked;
    PGresult *own[CARGO_MOST];

    (void)carrier;
    for (int i = 0; i < a->count; i++)
        own[i] = arena_owns(a->work[i]->arena, PQcopyResult(r, PG_COPYRES_ATTRS), (void (*)(void *))PQclear);
    for (int row = 0; row < PQntuples(r); row++) {
        int i = whose(a, PQgetvalue(r, row, PQnfields(r) - 1));

        if (i < a->count)
            add_row(own[i], r, row);
    }
    for (int i = 0; i < a->count; i++)
        a->cargo[i]->take(a->work[i], own[i], a->cargo[i]->into);
}

static int send_for_all(struct work *carrier, struct asked *a)
{
    const struct cargo *first = a->cargo[0];
    const struct query q = {cargo_name(carrier->arena, first->name), first->n,
                            cargo_statement(carrier->arena, first->sql, first->n)};
    const char **values = arena_alloc(carrier->arena, (size_t)first->n * sizeof *values);

    if (!can_be_told_apart(a))
        return fail(carrier, BUSY, "database.contention", "Several want the same at once.");
    for (int v = 0; v < first->n; v++) {
        struct text list = sql_list(carrier);

        for (int i = 0; i < a->count; i++)
            sql_list_add(&list, a->cargo[i]->values[v]);
        values[v] = sql_list_end(&list);
    }
    return first->take ? sql_deferred(carrier, &q, values, share_out, a) : sql_exec(carrier, &q, values);
}

int cargo_send(struct work *carrier, struct work *const *works, int count)
{
    const struct cargo *at[CARGO_MOST];

    for (int i = 0; i < count; i++)
        at[i] = works[i]->cargo;
    while (at[0]) {
        struct asked *a = arena_alloc(carrier->arena, sizeof *a);

        a->count = count;
        for (int i = 0; i < count; i++) {
            a->work[i] = works[i];
            a->cargo[i] = at[i];
            at[i] = at[i]->next;
        }
        TRY(send_for_all(carrier, a));
    }
    return OK;
}
