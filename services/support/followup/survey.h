/* Satisfaction surveys by a link that needs no login (S-7). The token permits one answer. */
#ifndef BACKROOM_SUPPORT_SURVEY_H
#define BACKROOM_SUPPORT_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "work.h"

extern const struct step survey_flow[];

/* Does this score, 1 to 5, open a ticket? */
bool survey_is_bad(int64_t score);

/* Create a survey for each delivered shipment (a JSON list of their events' data; NULL: none). */
int survey_send(struct work *w, const char *delivered);

/* Routes. */
int survey_show(struct work *w);
int survey_answer(struct work *w);

#endif
