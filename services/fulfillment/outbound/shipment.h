/* Shipments: made from confirmed orders, voided with cancelled ones, shipped with carrier and tracking number (F-1, F-9). */
#ifndef BACKROOM_SHIPMENT_H
#define BACKROOM_SHIPMENT_H

#include <stdbool.h>

#include "flow.h"
#include "work.h"

extern const struct step shipment_flow[];

/* POST /v1/shipments/{id}/ship */
int shipment_ship(struct work *w);

/* Every unit is scanned. */
int shipment_pack(struct work *w, const char *id);

#endif
