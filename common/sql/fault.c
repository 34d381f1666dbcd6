#include "fault.h"

#include <libpq-fe.h>
#include <string.h>

#include "connection.h"
#include "constraint.h"
#include "log.h"
#include "transaction_state.h"
#include "work.h"

/* The response that was to be stored is not there: api/idempotency.c selects it and stores it in one
 * statement. */
static bool has_no_response(const PGresult *r, const char *state)
{
    const char *table = PQresultErrorField(r, PG_DIAG_TABLE_NAME);

    return state && !strcmp(state, "23502") && table && !strcmp(table, "idempotency");
}

int sql_busy(struct work *w, const char *code)
{
    return fail(w, BUSY, code, "The service is temporarily unavailable. Try again in a moment.");
}

int sql_ended(struct work *w)
{
    struct transaction *t = transaction_of(w);

    t->connection->broken = true;
    t->retry = !t->connection->committing;
    return sql_busy(w, "database.unavailable");
}

/* The log gets neither the SQL nor its values. */
int sql_fault_of(struct work *w, const PGresult *r, const char *what)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
    const struct constraint *c = sql_constraint_named(name);

    if (c) {
        w->constraint = c->name;
        return fail(w, (enum fault)c->fault, c->code, "%s", c->detail);
    }
    if (has_no_response(r, state))
        return not_found(w);
    if (!state || !strncmp(state, "08", 2) || !strncmp(state, "57P", 3))
        return sql_ended(w);
    if (!strncmp(state, "53", 2)) {
        transaction_of(w)->connection->broken = true;
        return sql_busy(w, "database.unavailable");
    }
    if (!strcmp(state, "40001") || !strcmp(state, "40P01")) {
        transaction_of(w)->retry = true;
        return sql_busy(w, "database.contention");
    }
    if (!strcmp(state, "55P03") || !strcmp(state, "57014"))
        return sql_busy(w, "database.timeout");
    /* The message of class 22 quotes the value that did not fit, which may be personal data. */
    log_error(w->trace, "sql.failed", "%s in %s: %s %s", state, what, name ? name : "",
              strncmp(state, "22", 2) == 0 ? "" : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
    return fail(w, BROKEN, "internal.error", "Internal error. It has been logged with the trace id.");
}
