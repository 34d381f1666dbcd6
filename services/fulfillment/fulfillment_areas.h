/* The areas of fulfillment, lowest first: an area may include headers of those before it. */
#ifndef BACKROOM_FULFILLMENT_AREAS_H
#define BACKROOM_FULFILLMENT_AREAS_H

#include "area.h"

extern const struct area fulfillment_outbound, fulfillment_carriers;

#endif
