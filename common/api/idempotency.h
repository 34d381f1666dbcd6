/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the response is stored in the transaction
 * of the effect, so that the same request sent again gets the same response and has no second effect. */
#ifndef BACKROOM_IDEMPOTENCY_H
#define BACKROOM_IDEMPOTENCY_H

#include <stddef.h>

struct work;

const char *idempotency_digest(struct work *w, const char *method, const char *target, const char *body,
                               size_t length);
/* Check the header's value: required on every POST of an authenticated caller, 1…255 of [A-Za-z0-9_.:-]. */
int idempotency_key(struct work *w, const char *value);
/* The last statement of a transaction that went well: store the response. */
int idempotency_store(struct work *w);
/* After a work that failed: respond as the first time if this key was used before. Else a refusal by a
 * business rule (409) is stored, so that it is the response next time, too; faults of the input, unknown ids
 * and missing permissions are checked again each time. Returns the work's outcome. */
int idempotency_replay(struct work *w);

#endif
