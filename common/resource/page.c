#include "page.h"

struct text page_begin(struct work *w)
{
    struct text page = text_new(w->arena);

    text_add(&page, "{\"data\":[");
    return page;
}

void page_next(struct text *page)
{
    if (page->bytes[page->length - 1] != '[')
        text_add(page, ",");
}

void page_add(struct text *page, const char *doc)
{
    page_next(page);
    text_add(page, doc);
}

int page_reply(struct work *w, struct text *page, const char *next_cursor)
{
    text_add(page, "],\"next_cursor\":");
    text_add_json(page, next_cursor);
    text_add(page, "}");
    return reply(w, page->bytes);
}
