/*
 * Verifies that the event log is as it was written. The chain alone shows edits, deletions and swaps; a
 * removed tail, or a log rewritten from some position on, shows only against a head that was kept
 * elsewhere.
 */
#ifndef BACKROOM_AUDIT_H
#define BACKROOM_AUDIT_H

#include "field.h"

struct work;

/* Handlers of GET /v1/audit/head and of GET /v1/audit/verify, with ?head= what the first one gave. */
extern const struct field audit_verify_fields[];
int audit_head(struct work *w);
int audit_verify(struct work *w);

#endif
