#include "item.h"

#include <string.h>

#include "flow.h"
#include "masking.h"
#include "principal.h"
#include "sql.h"
#include "transaction.h"
#include "work.h"

static struct work_hook hook = {.size = sizeof(struct item)};

void item_open(void)
{
    work_hook(&hook);
}

/* --- permissions -- ------------------------------------------------------------------------------------- */

enum visibility item_visibility(const struct work *w, const struct resource *r)
{
    if (w->kind != REQUEST || !r->read || !principal_is_customer(w->who))
        return SEES_ALL;
    if (!r->owner)
        return SEES_NONE;
    return strcmp(r->owner, EVERYBODYS) == 0 ? SEES_ALL : SEES_OWN;
}

bool item_is_masked(const struct work *w, const struct resource *r)
{
    return r->reveal && !principal_may(w->who, r->reveal);
}

/* --- composing ----------------------------------------------------------------------------------------- */

/* Behind document and personal data. */
static const char *tail_of(struct work *w, const struct resource *r, const char *actions)
{
    const char *allowed = textf(w, "',\"allowed_actions\":', coalesce(%s::json -> status, '[]'), ", actions);

    return textf(w, "%s%s'}'", r->aggregate ? "',\"version\":', version, " : "", r->flow ? allowed : "");
}

/* concat() takes null for nothing. */
static const char *body_of(struct work *w, const struct resource *r, const char *actions)
{
    const char *personal = "',' || nullif(substr(private::text, 2, length(private::text) - 2), ''), ";

    return textf(w, "concat(left(doc::text, -1), %s%s)", r->reveal ? personal : "", tail_of(w, r, actions));
}

const char *item_columns(struct work *w, const struct resource *r, const char *actions)
{
    const char *parts = item_is_masked(w, r) ? textf(w, "left(doc::text, -1), private::text, concat(%s)",
                                                     tail_of(w, r, actions))
                                             : textf(w, "%s, null::text, null::text", body_of(w, r, actions));

    return textf(w, "%s, %s, %s::text, %s", parts, r->aggregate ? "version" : "0", resource_key(r),
                 r->pending ? r->pending : "false");
}

const char *item_actions(struct work *w, const struct resource *r)
{
    struct text t = text_new(w->arena);

    text_add(&t, "{");
    for (const struct step *s = r->flow; s->from; s++) {
        if (flow_first(r->flow, s->from) != s)
            continue;
        text_addf(&t, "%s\"%s\":", s == r->flow ? "" : ",", s->from);
        flow_add_actions(w, r, s->from, &t);
    }
    text_add(&t, "}");
    return t.bytes;
}

void item_add(struct work *w, struct text *out, const struct pg_result *rows, int row)
{
    const char *personal = sql_text(rows, row, ITEM_PERSONAL), *tail = sql_text(rows, row, ITEM_TAIL);

    text_add(out, sql_text(rows, row, ITEM_BODY));
    if (personal)
        personal = mask_personal(w, personal);
    if (personal && strlen(personal) > 2) {
        text_add(out, ",");
        text_add_bytes(out, personal + 1, strlen(personal) - 2);
    }
    if (tail)
        text_add(out, tail);
}

/* --- composed where it is stored ----------------------------------------------------------------------- */

bool item_defer(struct work *w, const struct resource *r, const char *id)
{
    if (item_is_masked(w, r) || item_visibility(w, r) == SEES_NONE || (!r->key && !field_text_fits(UUID, id)))
        return false;
    *(struct item *)work_hook_state(w, &hook) = (struct item){r, id};
    return true;
}

const struct item *item_deferred(struct work *w)
{
    const struct item *item = work_hook_state(w, &hook);

    return item->resource ? item : NULL;
}

const char *item_select(struct work *w, const struct item *item, const char *id, const char *actions,
                        const char *subject)
{
    const struct resource *r = item->resource;
    const char *theirs = item_visibility(w, r) == SEES_OWN ? textf(w, " and %s = %s", r->owner, subject) : "";

    return textf(w, "select %s as body, %s as etag from %s where %s = %s::%s%s", body_of(w, r, actions),
                 r->aggregate ? "concat('\"v', version, '\"')" : "null", r->view, resource_key(r), id,
                 r->key ? "text" : "uuid", theirs);
}
