#include "flow.h"

#include <string.h>

#include "crash.h"
#include "model.h"
#include "outbox.h"
#include "principal.h"
#include "request.h"
#include "route.h"
#include "sql.h"
#include "work.h"

/* The route that takes this action, NULL if none does: then only events take it. */
static const struct route *route_of_action(const struct resource *r, const char *action)
{
    const struct bound_route *all;
    int count;

    all = route_all(&count);
    for (int i = 0; i < count; i++) {
        if (all[i].resource == r && all[i].count == 4 && strcmp(all[i].segments[3], action) == 0)
            return &all[i].row;
    }
    return NULL;
}

void flow_add_actions(struct work *w, const struct resource *r, const char *status, struct text *out)
{
    int n = 0;

    text_add(out, "[");
    for (const struct step *s = r->flow; s->from; s++) {
        const struct route *route = strcmp(s->from, status) == 0 ? route_of_action(r, s->action) : NULL;

        if (!route || (w->who && !principal_may(w->who, route->scope)))
            continue;
        text_add(out, n++ ? "," : "");
        text_add_json(out, s->action);
    }
    text_add(out, "]");
}

static int refuse_step(struct work *w, const struct resource *r, const char *status, const char *action)
{
    struct text allowed = text_new(w->arena);

    flow_add_actions(w, r, status, &allowed);
    return fail(w, CONFLICT, textf(w, "%s.invalid_transition", r->aggregate),
                "The %s is %s, which does not allow '%s'. Allowed: %s", r->aggregate, status, action,
                allowed.bytes);
}

static int check_version(struct work *w, const char *version)
{
    const char *wanted = w->request ? w->request->if_match : NULL;

    if (!wanted || strcmp(wanted, "*") == 0 || strcmp(wanted, textf(w, "\"v%s\"", version)) == 0)
        return OK;
    w->status = 412;
    return fail(w, CONFLICT, "version.conflict",
                "The resource has changed since you read it: its version is now %s.", version);
}

int flow_lock(struct work *w, const char *aggregate, const char *id, const char **status)
{
    const struct resource *r = model_of_aggregate(aggregate);
    struct pg_result *row;

    if (!r->key && !field_text_fits(UUID, id))
        return fail(w, NOT_FOUND, "resource.not_found", "This %s does not exist.", aggregate);
    /* Not `for update`: rows that refer to this one (a wave's shipments) may be written meanwhile, or both
     * sides wait for each other. */
    TRY(sql_fetch_text(w,
                       textf(w, "select %s, version from %s where %s = $1%s for no key update",
                             r->flow ? "status" : "''", r->table, resource_key(r), r->key ? "" : "::uuid"),
                       1, &id, &row));
    if (!sql_height(row))
        return fail(w, NOT_FOUND, "resource.not_found", "This %s does not exist.", aggregate);
    crash_point("work.locked");
    *status = sql_text(row, 0, 0);
    return check_version(w, sql_text(row, 0, 1));
}

static int take(struct work *w, const struct resource *r, const char *id, const struct step *step)
{
    const char *values[] = {id, step->to};

    TRY(step->guard ? step->guard(w, id) : OK);
    if (strcmp(step->from, step->to) != 0)
        TRY(sql_exec_text(w,
                          textf(w, "update %s set status = $2 where %s = $1%s", r->table, resource_key(r),
                                r->key ? "" : "::uuid"),
                          2, values));
    return announce(w, step->event, r->aggregate, id);
}

int flow_apply(struct work *w, const char *aggregate, const char *id, const char *action)
{
    const struct resource *r = model_of_aggregate(aggregate);
    const struct step *step;
    const char *status;

    TRY(flow_lock(w, aggregate, id, &status));
    step = flow_find(r->flow, status, action);
    return step ? take(w, r, id, step) : refuse_step(w, r, status, action);
}

int flow_apply_if(struct work *w, const char *aggregate, const char *id, const char *action, int *taken)
{
    const struct resource *r = model_of_aggregate(aggregate);
    const struct step *step;
    const char *status;

    TRY(flow_lock(w, aggregate, id, &status));
    step = flow_find(r->flow, status, action);
    if (taken)
        *taken = step != NULL;
    return step ? take(w, r, id, step) : OK;
}
