#include "transaction_state.h"

#include "arena.h"
#include "pool.h"
#include "work.h"

static void release(void *transaction)
{
    struct transaction *t = transaction;
    struct sql_conn *c = t->connection;

    if (!c)
        return;
    if (c->pending_count || (c->begun && PQtransactionStatus(c->pg) != PQTRANS_IDLE))
        c->broken = true;
    if (c->failed) /* with the transaction, the session's time-outs were rolled back */
        c->class = UNKNOWN;
    t->connection = NULL;
    t->expected = NULL;
    conn_give(c);
}

struct transaction *transaction_of(struct work *w)
{
    if (!w->transaction) {
        w->transaction = arena_owns(w->arena, arena_alloc(w->arena, sizeof *w->transaction), release);
        w->transaction->arena = w->arena;
    }
    return w->transaction;
}

void transaction_release(struct work *w)
{
    if (w->transaction)
        release(w->transaction);
}
