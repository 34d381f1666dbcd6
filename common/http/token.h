/* Who asks, and what their roles grant. Tokens are JWTs (RFC 7519, RFC 8725) verified against a local JWKS. */
#ifndef BACKROOM_TOKEN_H
#define BACKROOM_TOKEN_H

#include <stdbool.h>

struct work;
struct principal;

/* What a role may do: scopes separated by blanks, "*" for everything. Ends with a row of zeros. */
struct role {
    const char *name, *scopes;
};

/* Read the public keys. False, with a log line, when the file cannot be used. */
bool auth_open(const char *jwks_file);

/* Verify an Authorization header's value; NULL when there is none. On failure *why says what is wrong, for the
 * caller of the API; never why a signature failed. */
struct principal *auth_check(struct work *w, const char *authorization, const char **why);

/* *why of auth_check() when the caller's address has sent too many bad tokens: then only known ones are looked at. */
extern const char auth_too_many[];

bool auth_may(const struct principal *who,
              const char *scope); /* scope NULL: everybody; "": whoever has a token */
/* For what goes on after its request: a copy to be freed, and whether the token has neither expired nor the keys changed
 * since it was verified. NULL stays good. */
struct principal *auth_copy(const struct principal *who);
bool auth_good_still(const struct principal *who);
bool auth_is_customer(const struct principal *who);
const char *auth_subject(const struct principal *who);
/* The names of the caller's roles as a PostgreSQL array, and whether one of them grants everything. */
const char *auth_role_array(struct work *w, const struct principal *who, bool *everything);

#endif
