/* The exception queue (F-7): kind, owner, deadline, resolution; nothing leaves while one is open. */
#ifndef BACKROOM_EXCEPTION_H
#define BACKROOM_EXCEPTION_H

#include "flow.h"
#include "work.h"

extern const struct step exception_flow[];

/* Open one on a shipment whose row is locked, unless one of the kind is open already. */
int exception_open(struct work *w, const char *kind, const char *shipment, const char *detail);
/* Close the open ones of some kinds (NULL: of any) of some shipments, both as PostgreSQL arrays. */
int exceptions_settle(struct work *w, const char *shipments, const char *kinds, const char *resolution);

int exception_resolve(struct work *w);

#endif
