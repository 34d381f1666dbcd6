/* Who may do what: the one table that maps roles to scopes, for all services. */
#ifndef BACKROOM_ROLES_H
#define BACKROOM_ROLES_H

#include "principal.h"

extern const struct role roles[];

#endif
