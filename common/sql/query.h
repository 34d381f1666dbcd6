/* A query as tools/sqlgen.py generates it, or as common/ builds it from a table's rows. */
#ifndef BACKROOM_QUERY_H
#define BACKROOM_QUERY_H

struct query {
    const char *name; /* of the prepared statement */
    int parameters;
    const char *sql;
    /* The same for several requests at once, NULL where that is not possible. Each parameter is an array with
     * a value for each of them; what it returns has in its last column whose row it is, counted from 1. */
    const char *batched;
    const char *names; /* of the parameters: "id,actor"; NULL for a statement made at run time */
};

#endif
