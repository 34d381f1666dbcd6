/* Builds the response of every list row by row: {"data":[…],"next_cursor":…}. */
#ifndef BACKROOM_PAGE_H
#define BACKROOM_PAGE_H

#include "work.h"

struct text page_begin(struct work *w);
/* One row: a JSON object. */
void page_add(struct text *page, const char *doc);
/* Call before each row that is added by hand. */
void page_next(struct text *page);
/* next_cursor NULL: this was the last page. */
int page_reply(struct work *w, struct text *page, const char *next_cursor);

#endif
