/* How the database and the pool are. */
#include <libpq-fe.h>
#include <string.h>

#include "clock.h"
#include "pool.h"
#include "sql.h"
#include "work.h"

/* So long readiness waits for an answer, and so long ago one may have been when the pool is busy. */
enum { READINESS_MS = 3000, ANSWERED_MS = 3000 };

void sql_close(void)
{
    conn_pool_close();
}

bool sql_ready(const char **why)
{
    static const char *const settings[] = {"fsync", "full_page_writes", "synchronous_commit"};
    PGresult *r = NULL;
    struct work w;
    bool ready;

    work_begin(&w, REQUEST, "readiness");
    w.writes = false;
    w.until = clock_ms() + READINESS_MS;
    ready = sql_fetch_text(&w,
                           "select current_setting('fsync'), current_setting('full_page_writes'), "
                           "current_setting('synchronous_commit')",
                           0, NULL, &r) == OK;
    /* More work than connections is no reason to be taken out of service: then the others had even more. */
    if (!ready && w.turned_away && conn_pool_busy(ANSWERED_MS)) {
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
