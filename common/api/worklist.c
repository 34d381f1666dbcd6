#include "worklist.h"

#include <string.h>

#include "page.h"
#include "principal.h"
#include "work.h"
#include "worklist_queries.h"

const struct field worklist_fields[] = {{"role", CODE}, {0}};

int worklist_get(struct work *w)
{
    struct text page = page_begin(w);
    struct worklist_row *rows;
    bool everything;
    const char *roles = principal_role_array(w, w->who, &everything);
    size_t n;

    if (everything && in_has(w, "role") && !strpbrk(in_str(w, "role"), "\"\\{},")) {
        roles = textf(w, "{\"%s\"}", in_str(w, "role"));
        everything = false;
    }
    TRY(q_worklist(w, roles, everything, &rows, &n));
    for (size_t i = 0; i < n; i++)
        page_add(&page, rows[i].doc);
    return page_reply(w, &page, NULL);
}
