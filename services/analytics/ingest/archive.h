/* News come in: first into the archive, then into the facts. A rebuild takes the same news from the archive. */
#ifndef BACKROOM_ANALYTICS_INTAKE_H
#define BACKROOM_ANALYTICS_INTAKE_H

#include <jansson.h>

#include "work.h"

/* News of one kind and a time zone: what they change. */
typedef int (*apply_news)(struct work *w, const json_t *news, const char *zone);

/* How the handler stands to others that change figures. */
enum company { TOGETHER, ALONE };

/* Body of a batch consumer: archive the batch, then apply it, unless a rebuild is under way and will come to it. */
int intake(struct work *w, enum company company, apply_news apply);

/* Note how many came, were booked and set aside: last of all, because other instances note it in the same row. */
int intake_count(struct work *w, const json_t *news, const char *zone);

/* The news of one type (or of all that begin with it, if it ends in a dot) as a JSON list; NULL when there is none. */
const char *news_of(struct work *w, const json_t *news, const char *type);
/* Only which event, who, when and which type, of all news. */
const char *heads_of(struct work *w, const json_t *news);

#endif
