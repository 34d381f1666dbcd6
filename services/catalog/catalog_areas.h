/* The areas of catalog, lowest first: an area may include headers of those before it. */
#ifndef BACKROOM_CATALOG_AREAS_H
#define BACKROOM_CATALOG_AREAS_H

#include "area.h"

extern const struct area catalog_products, catalog_stock;

#endif
