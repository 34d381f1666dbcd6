/* The areas of orders, lowest first: an area may include headers of those before it. */
#ifndef BACKROOM_ORDERS_AREAS_H
#define BACKROOM_ORDERS_AREAS_H

#include "area.h"

extern const struct area orders_pricing, orders_orders, orders_money;

#endif
