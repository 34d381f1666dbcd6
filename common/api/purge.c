#include "purge.h"

#include "clock.h"
#include "config.h"
#include "idempotency_queries.h"
#include "inbox_queries.h"
#include "runner.h"
#include "transaction.h"

/* Between two transactions of the same purge. */
enum { PAUSE_MS = 250 };

/* A thousand rows of each table. The context is a bool: there may be more. */
static int purge(struct work *w)
{
    bool *more = w->context;
    int64_t responses, events;

    TRY(q_idempotency_purge(w, &responses));
    TRY(q_inbox_forget(w, &events));
    *more = responses + events > 0;
    return OK;
}

static void run(struct runner *r)
{
    int pause = (int)config_int("TIDY_SECONDS", 600) * 1000;
    bool more = false;
    struct work w;

    for (;;) {
        runner_sleep(r, more ? PAUSE_MS : pause);
        if (runner_stopping(r))
            return;
        more = false;
        work_begin(&w, JOB, "purge");
        w.context = &more;
        work_run(&w, purge, NULL);
        work_end(&w);
    }
}

void purge_start(void)
{
    static struct runner runner = {.name = "purge", .run = run};

    runner_start(&runner);
}
