/* Parcels, tickets and surveys become facts. */
#ifndef BACKROOM_ANALYTICS_CARE_H
#define BACKROOM_ANALYTICS_CARE_H

#include "archive.h"

int on_shipments(struct work *w);
int on_tickets(struct work *w);
int on_surveys(struct work *w);
int shipments_apply(struct work *w, const json_t *news, const char *zone);
int tickets_apply(struct work *w, const json_t *news, const char *zone);
int surveys_apply(struct work *w, const json_t *news, const char *zone);

#endif
