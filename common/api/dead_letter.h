/* Lists, retries and discards dead letters: events that could not be applied. */
#ifndef BACKROOM_DEAD_LETTER_H
#define BACKROOM_DEAD_LETTER_H

#include "field.h"

struct work;

extern const struct field dead_letter_fields[];
int dead_letter_list(struct work *w);
int dead_letter_retry(struct work *w);
int dead_letter_discard(struct work *w);

#endif
