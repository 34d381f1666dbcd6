/*
 * Events that the relay of this very process is handed when their transaction has been committed, so that it need not look for
 * them. Only first events of their aggregates: others may follow one that it has still to find, and order is kept.
 */
#ifndef BACKROOM_HANDED_H
#define BACKROOM_HANDED_H

#include <stdbool.h>
#include <stddef.h>

struct event_unpublished_row;
struct work;

enum { HANDED_MAX = 256 };

/* Does the relay take any? Where not, what waits is dropped: it will look. */
void handed_open(bool open);
/* Copies it. False when it is not taken. */
bool handed_give(const struct event_unpublished_row *row);
bool handed_any(void);
/* All that wait, in the work's memory: at most HANDED_MAX. */
size_t handed_take(struct work *w, struct event_unpublished_row *rows);

#endif
