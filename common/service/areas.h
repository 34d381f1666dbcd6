/* Joins the tables of all areas of a service into one area. */
#ifndef BACKROOM_AREAS_H
#define BACKROOM_AREAS_H

#include "area.h"

/*
 * Join the tables of the areas (ends with NULL), one per kind, and write out the short forms of their rows
 * (short_forms.h). The result, which has the service's name, lives as long as the process. Two rows of a kind
 * with the same name end the process with a message that names it.
 */
struct area areas_join(const char *service, const struct area *const *areas);

#endif
