/* What the other services' news make of orders: stock set aside by catalog, parcels of fulfilment. */
#ifndef BACKROOM_PROGRESS_H
#define BACKROOM_PROGRESS_H

#include "work.h"

int reservations_heard(struct work *w);
int shipments_heard(struct work *w);

#endif
