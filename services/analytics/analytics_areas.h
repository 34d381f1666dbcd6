/* The areas of analytics, lowest first: an area may include headers of those before it. */
#ifndef BACKROOM_ANALYTICS_AREAS_H
#define BACKROOM_ANALYTICS_AREAS_H

#include "area.h"

extern const struct area analytics_reports, analytics_ingest, analytics_products, analytics_customers,
    analytics_sales, analytics_logistics, analytics_service;

#endif
