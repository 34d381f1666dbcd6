/* Erasure: what the machinery itself keeps of somebody. Totals, the course of events and the hash chain stay. */
#ifndef BACKROOM_ERASE_H
#define BACKROOM_ERASE_H

struct work;

/*
 * Forget the personal data of these aggregates (ids as a PostgreSQL array, "{}" or NULL for none): the private part of
 * their events, of dead letters of and about them, and, of answers kept under an Idempotency-Key, the members named
 * (a PostgreSQL array: "{customer,ship_to}"). The service itself has emptied its own tables before. What was published
 * is in the streams until they forget it by age (docs/explanation/security.md).
 */
int erase(struct work *w, const char *aggregate, const char *ids, const char *members);

#endif
