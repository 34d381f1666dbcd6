/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the answer is kept in the transaction of
 * the effect, so that the same request sent again gets the same answer and has no second effect. */
#ifndef BACKROOM_IDEMPOTENCY_H
#define BACKROOM_IDEMPOTENCY_H

#include <stddef.h>

struct work;

const char *idempotency_digest(struct work *w, const char *method, const char *target, const char *body,
                               size_t length);
/* Check the header's value: required on every POST of a caller who is known, 1…255 of [A-Za-z0-9_.:-]. */
int idempotency_key(struct work *w, const char *value);
/* Last statement of a transaction that went well: keep the answer. */
int idempotency_store(struct work *w);
/* After a work that failed: answer as the first time if this key was used before; else keep a refusal by a
 * business rule (409), so that it is the answer next time too; faults of the input, unknown things and
 * missing rights are looked at afresh. Returns the work's outcome. */
int idempotency_replay(struct work *w);

#endif
