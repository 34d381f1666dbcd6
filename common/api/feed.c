#include "feed.h"

#include "feed_queries.h"
#include "model.h"
#include "page.h"
#include "principal.h"
#include "request.h"
#include "resource.h"
#include "sql.h"
#include "work.h"

enum { PAGE = 100, PAGE_MAX = 1000 };

const struct field feed_fields[] = {
    {"after", INTEGER, OPTIONAL, 0, INT64_MAX},
    {"cursor", INTEGER, OPTIONAL, 0, INT64_MAX},
    {"limit", INTEGER, OPTIONAL, 1, PAGE_MAX},
    {"type", TEXT},
    {"aggregate", TEXT},
    {0},
};

int feed_get(struct work *w)
{
    struct event_feed_row *rows;
    struct text page = page_begin(w);
    int64_t after = in_has(w, "cursor") ? in_int(w, "cursor") : in_int(w, "after");
    int64_t limit = in_has(w, "limit") ? in_int(w, "limit") : PAGE;
    size_t n;

    TRY(q_event_feed(w, after, in_str(w, "type"), in_str(w, "aggregate"), limit, &rows, &n));
    for (size_t i = 0; i < n; i++)
        page_add(&page, rows[i].doc);
    return page_reply(w, &page, (int64_t)n == limit ? sql_from_int(w, rows[n - 1].position) : NULL);
}

/* For staff: who, when, what. */
static int add_timeline(struct work *w, const char *aggregate, const char *id, struct text *page)
{
    struct event_timeline_row *rows;
    size_t n;

    TRY(q_event_timeline(w, aggregate, id, &rows, &n));
    for (size_t i = 0; i < n; i++)
        page_add(page, rows[i].doc);
    return OK;
}

/* For its customer: when, what. */
static int add_course(struct work *w, const char *aggregate, const char *id, struct text *page)
{
    struct event_course_row *rows;
    size_t n;

    TRY(q_event_course(w, aggregate, id, &rows, &n));
    for (size_t i = 0; i < n; i++)
        page_add(page, rows[i].doc);
    return OK;
}

int feed_timeline(struct work *w)
{
    const struct resource *r = w->request->route->resource;
    const char *id = path_var(w, resource_key(r));
    struct text page = page_begin(w);

    TRY(resource_one(w));
    TRY(principal_is_customer(w->who) ? add_course(w, r->aggregate, id, &page)
                                      : add_timeline(w, r->aggregate, id, &page));
    w->etag = NULL;
    return page_reply(w, &page, NULL);
}
