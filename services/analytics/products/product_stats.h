/* Articles: best sellers, slow movers, what came back and why; the stock they lie in. */
#ifndef BACKROOM_ANALYTICS_PRODUCTS_H
#define BACKROOM_ANALYTICS_PRODUCTS_H

#include "archive.h"
#include "field.h"

int on_stock(struct work *w);
int stock_apply(struct work *w, const json_t *news, const char *zone);

extern const struct field ranking_fields[];
extern const struct field slow_fields[];
extern const struct field returns_fields[];
extern const struct field returns_events_fields[];
int ranking_get(struct work *w);
int slow_get(struct work *w);
int returns_get(struct work *w);
int returns_events_get(struct work *w);

#endif
