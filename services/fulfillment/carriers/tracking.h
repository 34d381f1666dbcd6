/* Carriers' news of parcels (F-12): told twice or out of order, they never turn a parcel back. */
#ifndef BACKROOM_TRACKING_H
#define BACKROOM_TRACKING_H

#include "work.h"

/* "info_received|picked_up|…" */
extern const char tracking_statuses[];

/* The kind of exception that a carrier's word opens, NULL for none; what was delivered later was not lost. */
const char *tracking_opens(const char *status, bool delivered_later);
/* The kinds of exceptions that it settles, as a PostgreSQL array; NULL for none. Old news settle nothing. */
const char *tracking_settles(const char *status, bool newest);

/* POST /v1/tracking-events */
int tracking_take(struct work *w);

/* The deadline "parcel_silent". */
int tracking_silent(struct work *w);

#endif
