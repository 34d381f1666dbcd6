/* Tracking events of carriers (F-12): duplicates and late events never return a shipment to an
 * earlier status. */
#ifndef BACKROOM_FULFILLMENT_TRACKING_H
#define BACKROOM_FULFILLMENT_TRACKING_H

#include "work.h"

/* "info_received|picked_up|…" */
extern const char tracking_statuses[];

/* The kind of exception that a status opens, NULL for none. What was delivered later was not lost. */
const char *tracking_opens(const char *status, bool delivered_later);
/* The kinds of exceptions that a status settles, as a PostgreSQL array; NULL for none. Only the newest event
 * settles any. */
const char *tracking_settles(const char *status, bool newest);

/* POST /v1/tracking-events */
int tracking_take(struct work *w);

/* Deadline: the carrier has not reported for too long. */
int tracking_silent(struct work *w);

#endif
