/* What the refusal of a statement means to whoever wanted it. */
#include "fault.h"

#include <libpq-fe.h>
#include <string.h>

#include "log.h"
#include "pool.h"
#include "sql.h"
#include "work.h"

/* Those of the tables that every schema has. */
static const struct constraint common_constraints[] = {
    {"idempotency_pkey", CONFLICT, "idempotency.used", "This Idempotency-Key was used before."},
    {"event_position", CONFLICT, "relay.overtaken", "Another relay was faster."},
    {"event_too_large", INVALID, "event.too_large",
     "This is too large: what is told of it may have at most 256 KiB."},
    {0},
};

static const struct constraint *named(const struct constraint *c, const char *name)
{
    while (c && c->name && strcmp(c->name, name) != 0)
        c++;
    return c && c->name ? c : NULL;
}

static const struct constraint *service_constraints;

void sql_constraints(const struct constraint *rows)
{
    service_constraints = rows;
}

const struct constraint *sql_constraint_named(const char *name)
{
    const struct constraint *c = name ? named(service_constraints, name) : NULL;

    return c || !name ? c : named(common_constraints, name);
}

/* What was to be kept as the answer is not there: idempotency.c asks for it and keeps it in one statement. */
static bool has_no_answer(const PGresult *r, const char *state)
{
    const char *table = PQresultErrorField(r, PG_DIAG_TABLE_NAME);

    return state && !strcmp(state, "23502") && table && !strcmp(table, "idempotency");
}

int sql_busy(struct work *w, const char *code)
{
    return fail(w, BUSY, code, "The service cannot do this right now. Try again in a moment.");
}

int sql_ended(struct work *w)
{
    w->db->broken = true;
    w->retry = !w->db->committing;
    return sql_busy(w, "database.unavailable");
}

/* Never the SQL's text: that goes to the log, without the values. */
int sql_fault_of(struct work *w, const PGresult *r, const char *what)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
    const struct constraint *c = sql_constraint_named(name);

    if (c) {
        w->constraint = c->name;
        return fail(w, (enum fault)c->fault, c->code, "%s", c->detail);
    }
    if (has_no_answer(r, state))
        return not_found(w);
    if (!state || !strncmp(state, "08", 2) || !strncmp(state, "57P", 3))
        return sql_ended(w);
    if (!strncmp(state, "53", 2)) {
        w->db->broken = true;
        return sql_busy(w, "database.unavailable");
    }
    if (!strcmp(state, "40001") || !strcmp(state, "40P01")) {
        w->retry = true;
        return sql_busy(w, "database.contention");
    }
    if (!strcmp(state, "55P03") || !strcmp(state, "57014"))
        return sql_busy(w, "database.timeout");
    /* Class 22 quotes the value that did not fit: it may be somebody's. */
    log_error(w->trace, "sql.failed", "%s in %s: %s %s", state, what, name ? name : "",
              strncmp(state, "22", 2) == 0 ? "" : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
    return fail(w, BROKEN, "internal.error", "Something went wrong on our side. It has been logged.");
}
