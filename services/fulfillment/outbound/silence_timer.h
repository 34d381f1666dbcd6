/* A shipment under way must be reported by its carrier within a set time (F-12). */
#ifndef BACKROOM_FULFILLMENT_SILENCE_TIMER_H
#define BACKROOM_FULFILLMENT_SILENCE_TIMER_H

struct work;

/* Start the time anew; when it is over, tracking_silent() is called. */
int silence_timer_restart(struct work *w, const char *shipment);

#endif
