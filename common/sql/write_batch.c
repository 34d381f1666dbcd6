#include "write_batch.h"

#include <libpq-fe.h>
#include <string.h>

#include "pipeline.h"
#include "query.h"
#include "transaction_state.h"
#include "value.h"
#include "work.h"

/* The statements of one work. */
enum { STATEMENTS = 16, BYTES = 16384 };

/* --- queueing ------------------------------------------------------------------------------------------ */

static size_t bytes_of(int n, const char *const *values)
{
    size_t bytes = 0;

    for (int i = 0; i < n; i++)
        bytes += values[i] ? strlen(values[i]) : 0;
    return bytes;
}

static const char **copies_of(struct work *w, int n, const char *const *values)
{
    const char **copies = arena_alloc(w->arena, (size_t)n * sizeof *copies);

    for (int i = 0; i < n; i++)
        copies[i] = values[i] ? arena_copy(w->arena, values[i], strlen(values[i])) : NULL;
    return copies;
}

bool write_batch_add(struct work *w, const struct query *q, const char *const *values,
                     void (*take)(struct work *w, PGresult *r, void *into), void *into)
{
    struct queued_statement **end = &transaction_of(w)->queued, *added;
    size_t bytes = bytes_of(q->parameters, values);
    int count = 1;

    for (; *end; end = &(*end)->next, count++)
        bytes += bytes_of((*end)->query->parameters, (*end)->values);
    if (!q->batched || bytes > BYTES || count > STATEMENTS)
        return false;
    added = arena_alloc(w->arena, sizeof *added);
    *added = (struct queued_statement){NULL, q, copies_of(w, q->parameters, values), take, into};
    *end = added;
    return true;
}

bool write_batch_same_shape(const struct work *one, const struct work *other)
{
    const struct queued_statement *a = one->transaction->queued, *b = other->transaction->queued;

    while (a && b && strcmp(a->query->name, b->query->name) == 0 && !a->take == !b->take) {
        a = a->next;
        b = b->next;
    }
    return !a && !b;
}

/* --- sending ------------------------------------------------------------------------------------------- */

/* One statement for several works: theirs in the same place. */
struct shared {
    struct work *works[BATCH_MAX];
    const struct queued_statement *statements[BATCH_MAX];
    int count;
};

static void add_row(PGresult *to, const PGresult *from, int row)
{
    int place = PQntuples(to);

    for (int i = 0; i < PQnfields(from); i++) {
        bool null = PQgetisnull(from, row, i);

        PQsetvalue(to, place, i, null ? NULL : PQgetvalue(from, row, i),
                   null ? -1 : PQgetlength(from, row, i));
    }
}

/* The last column of a row is the number of its work. */
static void hand_out(struct work *batch, PGresult *r, void *into)
{
    const struct shared *s = into;
    PGresult *own[BATCH_MAX];

    (void)batch;
    for (int i = 0; i < s->count; i++)
        own[i] = arena_owns(s->works[i]->arena, PQcopyResult(r, PG_COPYRES_ATTRS), (void (*)(void *))PQclear);
    for (int row = 0; row < PQntuples(r); row++)
        add_row(own[sql_int(r, row, PQnfields(r) - 1) - 1], r, row);
    for (int i = 0; i < s->count; i++)
        s->statements[i]->take(s->works[i], own[i], s->statements[i]->into);
}

/* Each parameter as an array with the values of all works. */
static const char **arrays_of(struct work *batch, const struct shared *s)
{
    int n = s->statements[0]->query->parameters;
    const char **arrays = arena_alloc(batch->arena, (size_t)n * sizeof *arrays);

    for (int v = 0; v < n; v++) {
        struct text array = sql_list(batch);

        for (int i = 0; i < s->count; i++)
            sql_list_add(&array, s->statements[i]->values[v]);
        arrays[v] = sql_list_end(&array);
    }
    return arrays;
}

static int send_shared(struct work *batch, struct shared *s)
{
    const struct query *q = s->statements[0]->query;

    TRY(pipeline_send(batch, textf(batch, "%s batched", q->name), q->batched, q->parameters,
                      arrays_of(batch, s)));
    if (s->statements[0]->take)
        pipeline_expect(batch, hand_out, s);
    return OK;
}

int write_batch_send(struct work *batch, struct work *const *works, int count)
{
    const struct queued_statement *next[BATCH_MAX];

    for (int i = 0; i < count; i++)
        next[i] = works[i]->transaction->queued;
    while (next[0]) {
        struct shared *s = arena_alloc(batch->arena, sizeof *s);

        s->count = count;
        for (int i = 0; i < count; i++) {
            s->works[i] = works[i];
            s->statements[i] = next[i];
            next[i] = next[i]->next;
        }
        TRY(send_shared(batch, s));
    }
    return OK;
}
