#include "transaction.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "crash.h"
#include "random.h"
#include "sql.h"
#include "transaction_state.h"
#include "work.h"

enum { ATTEMPTS = 4 };

static struct work_hook *hooks[HOOKS_MAX];
static int hook_count;

/* --- hooks --------------------------------------------------------------------------------------------- */

void work_hook(struct work_hook *hook)
{
    if (hook_count == HOOKS_MAX)
        abort();
    hook->place = hook_count;
    hooks[hook_count++] = hook;
}

void *work_hook_state(struct work *w, const struct work_hook *hook)
{
    struct transaction *t = transaction_of(w);

    if (!t->states[hook->place])
        t->states[hook->place] = arena_alloc(t->arena, hook->size);
    return t->states[hook->place];
}

int transaction_flush(struct work *w)
{
    struct transaction *t = transaction_of(w);

    for (int i = 0; i < hook_count; i++) {
        if (t->states[i] && hooks[i]->before_commit)
            TRY(hooks[i]->before_commit(w, t->states[i]));
    }
    return OK;
}

static void after_commit(struct work *w)
{
    const struct transaction *t = w->transaction;

    for (int i = 0; i < hook_count; i++) {
        if (t->states[i] && hooks[i]->after_commit)
            hooks[i]->after_commit(w, t->states[i]);
    }
}

/* --- running ------------------------------------------------------------------------------------------- */

static int attempt(struct work *w, int (*handler)(struct work *), int (*before_commit)(struct work *))
{
    struct transaction *t = transaction_of(w);
    int fault;

    t->retry = t->no_connection = false;
    memset(t->states, 0, sizeof t->states);
    fault = handler(w);
    crash_point("work.written");
    if (fault == OK)
        fault = transaction_flush(w);
    crash_point("work.announced");
    if (fault == OK && before_commit)
        fault = before_commit(w);
    if (fault != OK || w->dry_run) {
        sql_rollback(w);
        return fault;
    }
    return sql_commit(w);
}

int work_run(struct work *w, int (*handler)(struct work *), int (*before_commit)(struct work *))
{
    int fault = attempt(w, handler, before_commit);

    for (int i = 1; w->transaction->retry && i < ATTEMPTS; i++) {
        usleep((useconds_t)(random_below(4000) * (unsigned)i + 500));
        work_reset(w);
        fault = attempt(w, handler, before_commit);
    }
    if (fault == OK && !w->dry_run)
        after_commit(w);
    return fault;
}

bool transaction_refused(const struct work *w)
{
    return w->transaction && w->transaction->no_connection;
}
