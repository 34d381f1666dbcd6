/* The authenticated caller of a request, and what its roles grant. http/token.c makes a principal of a
 * verified token. */
#ifndef BACKROOM_PRINCIPAL_H
#define BACKROOM_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

struct work;

/* What a role may do: scopes separated by blanks, "*" for everything. Ends with a row of zeros. */
struct role {
    const char *name, *scopes;
};

enum { ROLES_MAX = 64, SUBJECT_MAX = 128 };

struct principal {
    uint64_t held; /* bit i: has row i of the roles */
    char subject[SUBJECT_MAX];
    int64_t expires; /* Unix seconds */
    unsigned epoch;  /* of the keys that the token was verified with */
};

/* The service's roles. Once, at start; more than ROLES_MAX end the process. */
void principal_roles(const struct role *rows);
/* Names that are no role are ignored. */
void principal_add_role(struct principal *who, const char *name);

/* scope NULL: every caller may; "": every caller with a token. */
bool principal_may(const struct principal *who, const char *scope);
/* True for a principal with the role customer only: staff who also shop here keep the rights of staff. */
bool principal_is_customer(const struct principal *who);
const char *principal_subject(const struct principal *who);
/* A copy that outlives the request, to be freed by the caller; NULL for NULL. */
struct principal *principal_copy(const struct principal *who);
/* The names of the roles as a PostgreSQL array, and whether one of them grants everything. */
const char *principal_role_array(struct work *w, const struct principal *who, bool *everything);

#endif
