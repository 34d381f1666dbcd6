/* The time within which a carrier must report on a shipment under way (F-12). */
#ifndef BACKROOM_FULFILLMENT_SILENCE_TIMER_H
#define BACKROOM_FULFILLMENT_SILENCE_TIMER_H

struct work;

/* Start the time anew; when it is over, tracking_silent() is called. */
int silence_timer_restart(struct work *w, const char *shipment);
int silence_timer_stop(struct work *w, const char *shipment);

#endif
