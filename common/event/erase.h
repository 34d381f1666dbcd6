/* Erases the personal data of a person that common/ itself keeps. Totals, events and the hash chain stay. */
#ifndef BACKROOM_ERASE_H
#define BACKROOM_ERASE_H

struct work;

/*
 * Erases the personal data of these aggregates (ids as a PostgreSQL array, "{}" or NULL for none): the
 * private part of their events and of dead letters of and about them, and the named members (a PostgreSQL
 * array: "{customer,ship_to}") of responses that are stored under an Idempotency-Key. The service has erased
 * its own tables before. What was published stays in the streams until it expires, after seven days.
 */
int erase(struct work *w, const char *aggregate, const char *ids, const char *members);

#endif
