/* Pages of the rows behind a figure, in the order of one text key. */
#ifndef BACKROOM_ANALYTICS_DRILLDOWN_H
#define BACKROOM_ANALYTICS_DRILLDOWN_H

#include "field.h"
#include "page.h"

/* limit and cursor: every such route extends them. */
extern const struct field page_fields[];

struct drilldown {
    const char *query; /* which its cursors belong to */
    const char *after; /* the last key of the page before, NULL at the beginning */
    int64_t limit;     /* the query asks for one row more, to know whether there is another page */
    const char *last;
    int64_t count;
    struct text page;
};

/* name of the list, then the names of all parameters that choose its rows, then NULL. */
struct drilldown drilldown_of(struct work *w, const char *name, ...);
/* Read limit and cursor of the query string. */
int drilldown_open(struct work *w, struct drilldown *d);
/* Add the rows in order, also the one too many. */
void drilldown_add(struct drilldown *d, const char *key, const char *doc);
int drilldown_reply(struct work *w, struct drilldown *d);

#endif
