#include "health.h"

#include <string.h>

#include "clock.h"
#include "pool.h"
#include "sql.h"
#include "transaction_state.h"
#include "work.h"

/* How long readiness waits for an answer, and how long ago the last one may be while the pool is busy. */
enum { READINESS_MS = 3000, ANSWERED_MS = 3000 };

bool sql_ready(const char **why)
{
    static const char *const settings[] = {"fsync", "full_page_writes", "synchronous_commit"};
    struct pg_result *r = NULL;
    struct work w;
    bool ready;

    work_begin(&w, REQUEST, "readiness");
    w.writes = false;
    w.until = clock_ms() + READINESS_MS;
    ready = sql_fetch_text(&w,
                           "select current_setting('fsync'), current_setting('full_page_writes'), "
                           "current_setting('synchronous_commit')",
                           0, NULL, &r) == OK;
    /* More work than connections is no reason to be taken out of service: then the other instances had even
     * more. */
    if (!ready && w.transaction->no_connection && conn_pool_busy(ANSWERED_MS)) {
        work_end(&w);
        return true;
    }
    *why = ready ? NULL : "the database does not answer";
    for (int i = 0; ready && i < (int)COUNT(settings); i++) {
        if (!strcmp(sql_text(r, 0, i), "off")) {
            *why = settings[i];
            ready = false;
        }
    }
    work_end(&w);
    return ready;
}

bool sql_congested(void)
{
    return conn_pool_congested();
}

void sql_gauges(int *open, int *used, uint64_t *refused)
{
    conn_pool_gauges(open, used, refused);
}
