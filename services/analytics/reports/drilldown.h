/* Pages of what is behind a figure, in the order of one text key. */
#ifndef BACKROOM_ANALYTICS_LISTING_H
#define BACKROOM_ANALYTICS_LISTING_H

#include "page.h"

/* Rows of the fields of every such route. */
#define LISTING                                                                                              \
    {"limit", INTEGER, OPTIONAL, 1, 250},                                                                    \
    {                                                                                                        \
        "cursor", TEXT, OPTIONAL, 1, 2000                                                                    \
    }

struct listing {
    const char *query; /* what its cursors belong to */
    const char *after; /* key of the row before, NULL at the beginning: to be asked for */
    int64_t limit;     /* ask for one more, to know whether there is another page */
    const char *last;
    int64_t count;
    struct text page;
};

/* The names of all parameters that choose the rows, then NULL. */
struct listing listing_of(struct work *w, const char *name, ...);
/* Read limit and cursor of the query. */
int listing_open(struct work *w, struct listing *l);
/* Rows in order, also the one too many. */
void listing_add(struct listing *l, const char *key, const char *doc);
int listing_reply(struct work *w, struct listing *l);

#endif
