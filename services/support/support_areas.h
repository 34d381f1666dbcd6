/* The areas of support, lowest first: an area may include headers of those before it. */
#ifndef BACKROOM_SUPPORT_AREAS_H
#define BACKROOM_SUPPORT_AREAS_H

#include "area.h"

extern const struct area support_staff, support_customers, support_tickets, support_followup;

#endif
