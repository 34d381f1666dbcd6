#include "status_check.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "model.h"
#include "status_check_queries.h"
#include "work.h"

enum { STATUSES_MAX = 64 };

/* A set of statuses; empty if there is none. */
struct statuses {
    const char *names[STATUSES_MAX];
    size_t n;
};

static void add(struct statuses *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->names[i], name) == 0)
            return;
    }
    if (s->n < STATUSES_MAX)
        s->names[s->n++] = name;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "draft|published", sorted; NULL for an empty set. */
static const char *text_of(struct work *w, struct statuses *s)
{
    struct text t = text_new(w->arena);

    qsort(s->names, s->n, sizeof *s->names, by_text);
    for (size_t i = 0; i < s->n; i++)
        text_addf(&t, "%s%s", i ? "|" : "", s->names[i]);
    return s->n ? t.bytes : NULL;
}

static const char *of_flow(struct work *w, const struct resource *r)
{
    struct statuses all = {.n = 0};

    for (const struct step *step = r->flow; step && step->from; step++) {
        add(&all, step->from);
        add(&all, step->to);
    }
    return text_of(w, &all);
}

static const char *of_check(const struct status_checks_row *rows, size_t n, const char *table)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].table_name, table) == 0)
            return rows[i].statuses;
    }
    return NULL;
}

/* The enum of data.status. */
static const char *of_schema(struct work *w, const char *const *events, const char *aggregate)
{
    struct statuses all = {.n = 0};
    const json_t *status, *name;
    size_t i;

    for (; *events; events++) {
        const json_t *schema = json_owned(w, json_loads(*events, 0, NULL));

        if (strcmp(json_text_in(schema, "aggregate"), aggregate) != 0)
            continue;
        status = json_object_get(json_object_get(json_object_get(schema, "data"), "properties"), "status");
        json_array_foreach(json_object_get(status, "enum"), i, name) add(&all, json_string_value(name));
    }
    return text_of(w, &all);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool agree(const struct resource *r, const char *flow, const char *check, const char *schema)
{
    bool good = flow ? same(flow, check) && same(flow, schema) : !check || !schema || same(check, schema);

    if (!good)
        log_error(
            NULL, "start.statuses_differ",
            "%s: the flow has the statuses %s, the check constraint of %s has %s, the event schema has %s",
            r->aggregate, flow ? flow : "(none)", r->table, check ? check : "(none)",
            schema ? schema : "(none)");
    return good;
}

static bool check_all(struct work *w, const char *const *events)
{
    struct status_checks_row *rows;
    bool good = true;
    size_t n;

    if (q_status_checks(w, &rows, &n) != OK)
        return false;
    for (const struct resource *r = model_resources(); r && r->name; r++) {
        if (r->aggregate)
            good &= agree(r, of_flow(w, r), of_check(rows, n, r->table), of_schema(w, events, r->aggregate));
    }
    return good;
}

bool statuses_agree(const char *const *events)
{
    struct work w;
    bool good;

    work_begin(&w, JOB, "start");
    w.writes = false;
    good = check_all(&w, events);
    work_end(&w);
    return good;
}
