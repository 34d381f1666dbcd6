/* Bearer tokens: JWTs (RFC 7519, RFC 8725) verified against a local JWKS file. */
#ifndef BACKROOM_TOKEN_H
#define BACKROOM_TOKEN_H

#include <stdbool.h>

struct work;
struct principal;

/* Read the public keys. False, with a log line, when the file cannot be used. */
bool token_open(const char *jwks_file);

/* Verify an Authorization header's value; NULL when there is none or it is not valid. On failure *why is a
 * sentence for the client; it never contains the reason why a signature was refused. */
struct principal *token_check(struct work *w, const char *authorization, const char **why);

/* *why of token_check() when the client's address has sent too many invalid tokens: then only tokens that
 * were verified before are accepted. */
extern const char token_too_many[];

/* False when the token has expired or the keys changed since it was verified: for what outlives its
 * request. */
bool token_still_good(const struct principal *who);

#endif
