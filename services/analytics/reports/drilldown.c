#include "drilldown.h"

#include <stdarg.h>

#include "cursor.h"
#include "report.h"

enum { PAGE = 50, PAGE_MAX = 250 };

const struct field page_fields[] = {
    {"limit", INTEGER, OPTIONAL, 1, PAGE_MAX},
    {"cursor", TEXT, OPTIONAL, 1, 2000},
    {0},
};

struct drilldown drilldown_of(struct work *w, const char *name, ...)
{
    struct text query = text_new(w->arena);
    const char *parameter;
    va_list names;

    text_add(&query, name);
    va_start(names, name);
    while ((parameter = va_arg(names, const char *)))
        text_addf(&query, "&%s", in_has(w, parameter) ? in_json(w, parameter) : "");
    va_end(names);
    return (struct drilldown){.query = query.bytes, .limit = PAGE, .page = page_begin(w)};
}

int drilldown_open(struct work *w, struct drilldown *d)
{
    const char *same_key;

    TRY(check_not_rebuilding(w));
    if (in_has(w, "limit"))
        d->limit = in_int(w, "limit");
    if (!in_has(w, "cursor") || cursor_read(w, d->query, in_str(w, "cursor"), &d->after, &same_key))
        return OK;
    return bad_cursor(w);
}

void drilldown_add(struct drilldown *d, const char *key, const char *doc)
{
    if (d->count++ >= d->limit)
        return;
    page_add(&d->page, doc);
    d->last = key;
}

int drilldown_reply(struct work *w, struct drilldown *d)
{
    const char *next = d->count > d->limit ? cursor_make(w, d->query, d->last, d->last) : NULL;

    return page_reply(w, &d->page, next);
}
