/* Tickets and surveys in figures. */
#ifndef BACKROOM_ANALYTICS_SERVICE_STATS_H
#define BACKROOM_ANALYTICS_SERVICE_STATS_H

#include "archive.h"

/* Consumers of support.ticket.* and support.survey.*, BATCH. */
int analytics_on_support_ticket(struct work *w);
int analytics_on_support_survey(struct work *w);
int tickets_apply(struct work *w, const json_t *events, const char *zone);
int surveys_apply(struct work *w, const json_t *events, const char *zone);

/* GET /v1/service */
int service_get(struct work *w);

#endif
