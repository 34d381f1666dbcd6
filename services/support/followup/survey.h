/* Satisfaction surveys by a link that needs no login (S-7). Whoever holds the token may answer, once. */
#ifndef BACKROOM_SURVEY_H
#define BACKROOM_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "work.h"

extern const struct step survey_flow[];

/* Does this score, 1 to 5, need somebody to ask what went wrong? */
bool survey_is_bad(int64_t score);

/* A survey for each of the delivered parcels (a JSON list of their events' data; NULL: none). */
int survey_send(struct work *w, const char *delivered);

int survey_show(struct work *w);
int survey_answer(struct work *w);

#endif
