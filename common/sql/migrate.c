#include "migrate.h"

#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "log.h"

enum { POLL_US = 50 * 1000, PATIENCE = 1200, TRIES = 30 };

static bool run(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;

    if (!good)
        log_error(NULL, "migrate.failed", "%s", PQerrorMessage(pg));
    PQclear(r);
    return good;
}

static bool lock(PGconn *pg, const char *schema)
{
    for (int i = 0; i < PATIENCE; i++) {
        PGresult *r =
            PQexecParams(pg, "select pg_try_advisory_lock(hashtext($1), 1)", 1, NULL, &schema, NULL, NULL, 0);
        bool got = PQntuples(r) == 1 && PQgetvalue(r, 0, 0)[0] == 't',
             works = PQresultStatus(r) == PGRES_TUPLES_OK;

        PQclear(r);
        if (got || !works)
            return got;
        usleep(POLL_US);
    }
    return false;
}

/* 1 applied and unchanged, 0 missing, -1 changed since. */
static int state_of(PGconn *pg, const char *key, const char *checksum)
{
    PGresult *r =
        PQexecParams(pg, "select checksum from migration where name = $1", 1, NULL, &key, NULL, NULL, 0);
    int state = PQntuples(r) == 0 ? 0 : strcmp(PQgetvalue(r, 0, 0), checksum) == 0 ? 1 : -1;

    PQclear(r);
    return state;
}

/* The version before still runs, and takes its locks in an order of its own. */
static bool is_blocked(const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    return state && (strcmp(state, "40P01") == 0 || strcmp(state, "55P03") == 0);
}

/* In a transaction that is left open; again from its beginning while another transaction blocks it. */
static bool run_script(PGconn *pg, const char *key, const char *sql)
{
    for (int i = 0; i < TRIES && run(pg, "begin"); i++) {
        PGresult *r = PQexec(pg, sql);
        bool good = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK,
             again = is_blocked(r);

        PQclear(r);
        if (good)
            return true;
        if (again)
            log_info(NULL, "migrate.waits", "%s: waiting for a lock that another transaction holds", key);
        else
            log_error(NULL, "migrate.failed", "%s", PQerrorMessage(pg));
        run(pg, "rollback");
        if (!again)
            return false;
        usleep(POLL_US);
    }
    return false;
}

static bool apply(PGconn *pg, const char *key, const struct migration *m)
{
    const char *values[] = {key, m->checksum};
    PGresult *r;
    bool good;

    if (!run_script(pg, key, m->sql)) {
        log_error(NULL, "migrate.failed", "%s was not applied", key);
        return false;
    }
    r = PQexecParams(pg, "insert into migration (name, checksum) values ($1, $2)", 2, NULL, values, NULL,
                     NULL, 0);
    good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return good && run(pg, "commit");
}

static bool apply_missing(PGconn *pg, const char *prefix, const struct migration *m)
{
    char key[128];

    for (; m && m->name; m++) {
        int state;

        snprintf(key, sizeof key, "%s/%s", prefix, m->name);
        state = state_of(pg, key, m->checksum);
        if (state < 0)
            log_error(NULL, "migrate.changed", "%s was changed after it was applied", key);
        if (state < 0 || (state == 0 && !apply(pg, key, m)))
            return false;
    }
    return true;
}

bool migrate(const char *schema, const struct migration *common, const struct migration *service)
{
    PGconn *pg = conn_direct();
    bool good;

    if (!pg)
        return false;
    good = run(pg, "set statement_timeout = 0; set lock_timeout = '5s'; set client_min_messages = warning") &&
           lock(pg, schema) &&
           run(pg, "create table if not exists migration (name text primary key, checksum text not null, "
                   "applied_at timestamptz not null default now())") &&
           apply_missing(pg, "common", common) && apply_missing(pg, schema, service);
    PQfinish(pg);
    return good;
}
