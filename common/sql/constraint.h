/* Maps named constraints of the database to the problem that a violation returns. */
#ifndef BACKROOM_CONSTRAINT_H
#define BACKROOM_CONSTRAINT_H

struct work;

struct constraint {
    const char *name;
    int fault;
    const char *code;
    const char *detail;
    /* If not NULL: a handler that answers instead, in a new transaction. The same order sent twice is
     * answered with the first. */
    int (*recover)(struct work *w);
};

/* The service's constraints. Once, at start. */
void sql_constraints(const struct constraint *rows);
/* One of the service's or of the tables that every schema has; NULL if there is none of this name. */
const struct constraint *sql_constraint_named(const char *name);

#endif
