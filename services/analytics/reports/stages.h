/* How long orders spend in each stage from placing to delivery. */
#ifndef BACKROOM_ANALYTICS_STAGES_H
#define BACKROOM_ANALYTICS_STAGES_H

struct work;

/* GET /v1/stages */
int stages_get(struct work *w);

#endif
