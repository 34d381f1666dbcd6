/* Parcels shipped and delivered. */
#ifndef BACKROOM_ANALYTICS_PARCELS_H
#define BACKROOM_ANALYTICS_PARCELS_H

#include "archive.h"

/* Consumer of fulfillment.shipment.*, BATCH. */
int analytics_on_fulfillment_shipment(struct work *w);
int shipments_apply(struct work *w, const json_t *events, const char *zone);

/* GET /v1/parcels */
int parcels_get(struct work *w);

#endif
