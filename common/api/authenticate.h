/* Authentication of a request, authorisation by its roles' scopes, and rate limits of its address. */
#ifndef BACKROOM_AUTHENTICATE_H
#define BACKROOM_AUTHENTICATE_H

struct work;

/* Verify the token. A route that is open to everybody needs none; then the calls of the address are
 * limited. */
int authenticate(struct work *w);
/* The scope of the route must be granted by one of the caller's roles. */
int authorise(struct work *w);
/* After the work: a request without a token for something that does not exist may be a guess; it counts
 * against its address. */
void count_wrong_link(struct work *w);

#endif
