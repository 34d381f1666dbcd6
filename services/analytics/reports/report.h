/* Common parts of all responses with figures. */
#ifndef BACKROOM_ANALYTICS_REPORT_H
#define BACKROOM_ANALYTICS_REPORT_H

#include "field.h"
#include "work.h"

enum { YEAR_DAYS = 366, TEN_YEARS_DAYS = 3660 };

/* from and to: every report on a window extends them. */
extern const struct field window_fields[];

/* Check that `from` and `to` of the query string make a window of 1 to days_max days. */
int check_window(struct work *w, int64_t days_max);
/* Fail with 400 if fault_at() has noted anything. */
int check_query(struct work *w);
/* Fail with 400 because of the parameter `cursor`. */
int bad_cursor(struct work *w);
/* Fail with 503 while the figures are rebuilt. */
int check_not_rebuilding(struct work *w);

/* The currency of figures that could be of several. */
const char *home_currency(void);
/* An integer of the query string, or a default. */
int64_t in_int_or(struct work *w, const char *name, int64_t otherwise);
/* A text of the query string, or a default. */
const char *in_str_or(struct work *w, const char *name, const char *otherwise);

/* Answer with the document; NULL: the figures are being rebuilt. */
int reply_figures(struct work *w, const char *doc);

#endif
