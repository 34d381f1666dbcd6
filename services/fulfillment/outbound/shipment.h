/* Shipments: packed, and shipped with carrier and tracking number (F-9). order_events.h has how they are
 * created. */
#ifndef BACKROOM_FULFILLMENT_SHIPMENT_H
#define BACKROOM_FULFILLMENT_SHIPMENT_H

#include <stdbool.h>

#include "flow.h"
#include "work.h"

extern const struct step shipment_flow[];

/* POST /v1/shipments/{id}/ship */
int shipment_ship(struct work *w);

/* All units have been scanned. */
int shipment_pack(struct work *w, const char *id);

#endif
