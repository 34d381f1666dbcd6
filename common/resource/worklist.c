#include "worklist.h"

#include <string.h>

#include "auth.h"
#include "common_queries.h"
#include "field.h"
#include "work.h"

const struct field worklist_fields[] = {{"role", CODE}, {0}};

int worklist_get(struct work *w)
{
    struct text out = text_new(w->arena);
    struct worklist_row *rows;
    bool everything;
    const char *roles = auth_role_array(w, w->who, &everything);
    size_t n;

    if (everything && in_has(w, "role") && !strpbrk(in_str(w, "role"), "\"\\{},")) {
        roles = textf(w, "{\"%s\"}", in_str(w, "role"));
        everything = false;
    }
    TRY(q_worklist(w, roles, everything, &rows, &n));
    text_add(&out, "{\"data\":[");
    for (size_t i = 0; i < n; i++) {
        text_add(&out, i ? "," : "");
        text_add(&out, rows[i].doc);
    }
    text_add(&out, "],\"next_cursor\":null}");
    return reply(w, out.bytes);
}
