/* What all answers with figures have in common. */
#ifndef BACKROOM_ANALYTICS_READING_H
#define BACKROOM_ANALYTICS_READING_H

#include "field.h"
#include "work.h"

extern const struct field stages_fields[];
extern const struct field parcels_fields[];
extern const struct field service_fields[];
int stages_get(struct work *w);
int parcels_get(struct work *w);
int service_get(struct work *w);

/* `from` and `to` of the query make a window of 1 to days_max days. */
int check_window(struct work *w, int64_t days_max);
/* 400 with what fault_at() named. */
int bad_query(struct work *w);
/* The currency of figures that could be of several. */
const char *home_currency(void);
/* Lists behind figures wait for a rebuild as the figures do. */
int check_ready(struct work *w);
/* Answer with the document; NULL: they are being rebuilt. */
int reply_figures(struct work *w, const char *doc);

#endif
