/* Tickets: opened, assigned, answered in time, handed over, solved (S-1, S-3, S-4, S-5). */
#ifndef BACKROOM_TICKET_H
#define BACKROOM_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "work.h"

extern const struct step ticket_flow[];

/* --- rules ---------------------------------------------------------------------------------------------------------- */

/* The priority asked for, or what the channel makes of it: complaints and bad scores are high. */
const char *ticket_priority(const char *asked, const char *channel);
/* Does it go to the head of the department at once (S-5)? */
bool ticket_is_for_head(const char *channel, const char *priority);
/* Business seconds to the first answer: `usual` for the priority, half of it for a VIP, never none. */
int64_t ticket_first_answer_seconds(int64_t usual, const char *level);

/* --- its life --------------------------------------------------------------------------------------------------------- */

/* What a ticket begins with. NULL: unknown. */
struct opening {
    const char *id, *subject, *body, *channel, *priority, *order_id, *survey_id, *customer_id, *contact;
    const char *author; /* of the body: "customer" */
};

int ticket_begin(struct work *w, const struct opening *o);

int ticket_open(struct work *w);
int ticket_answer(struct work *w);
int ticket_hand_over(struct work *w);
int ticket_accept(struct work *w);
int ticket_decline(struct work *w);
int ticket_solve(struct work *w);

/* Deadlines: the first answer will be due soon; it is over; nobody accepted a hand-over. */
int ticket_remind(struct work *w);
int ticket_breach(struct work *w);
int ticket_hand_over_late(struct work *w);

#endif
