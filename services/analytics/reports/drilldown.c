#include "drilldown.h"

#include <stdarg.h>

#include "cursor.h"
#include "report.h"

enum { PAGE = 50 };

struct listing listing_of(struct work *w, const char *name, ...)
{
    struct text query = text_new(w->arena);
    const char *parameter;
    va_list names;

    text_add(&query, name);
    va_start(names, name);
    while ((parameter = va_arg(names, const char *)))
        text_addf(&query, "&%s", in_has(w, parameter) ? in_json(w, parameter) : "");
    va_end(names);
    return (struct listing){.query = query.bytes, .limit = PAGE, .page = page_begin(w)};
}

int listing_open(struct work *w, struct listing *l)
{
    const char *twice;

    TRY(check_ready(w));
    if (in_has(w, "limit"))
        l->limit = in_int(w, "limit");
    if (!in_has(w, "cursor") || cursor_read(w, l->query, in_str(w, "cursor"), &l->after, &twice))
        return OK;
    fault_at(w, "?cursor", "query.cursor",
             "This cursor belongs to another query or is damaged: start again without.");
    return bad_query(w);
}

void listing_add(struct listing *l, const char *key, const char *doc)
{
    if (l->count++ >= l->limit)
        return;
    page_add(&l->page, doc);
    l->last = key;
}

int listing_reply(struct work *w, struct listing *l)
{
    const char *next = l->count > l->limit ? cursor_make(w, l->query, l->last, l->last) : NULL;

    return page_reply(w, &l->page, next);
}
