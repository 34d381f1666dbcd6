#include "short_forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"

enum { STATUSES_MAX = 32 };

static void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n, size);

    if (!memory)
        abort();
    return memory;
}

/* --- fields ------------------------------------------------------------------------------------------------ */

static size_t count_fields(const struct field *fields)
{
    size_t n = 0;

    for (; fields && (fields->name || fields->extends); fields++)
        n += fields->extends ? count_fields(fields->extends) : 1;
    return n;
}

static struct field *copy_fields(struct field *out, const struct field *fields)
{
    for (; fields && (fields->name || fields->extends); fields++) {
        if (fields->extends) {
            out = copy_fields(out, fields->extends);
            continue;
        }
        *out = *fields;
        out->fields = fields_written_out(fields->fields);
        out++;
    }
    return out;
}

const struct field *fields_written_out(const struct field *fields)
{
    struct field *copy;

    if (!fields)
        return NULL;
    copy = zeroed(count_fields(fields) + 1, sizeof *copy);
    copy_fields(copy, fields);
    return copy;
}

/* --- filters ----------------------------------------------------------------------------------------------- */

static const char *equality(const struct filter *f)
{
    static const char *const casts[] = {
        [TEXT] = "text",        [CODE] = "text",     [INTEGER] = "bigint",  [QUANTITY] = "bigint",
        [MONEY] = "bigint",     [CURRENCY] = "text", [BOOLEAN] = "boolean", [UUID] = "uuid",
        [TIME] = "timestamptz", [DAY] = "date"};
    char *sql;

    if (f->type >= COUNT(casts) || asprintf(&sql, "%s = ?::%s", f->name, casts[f->type]) < 0)
        abort();
    return sql;
}

const struct filter *filters_written_out(const struct filter *filters)
{
    struct filter *copy;
    size_t n = 0;

    while (filters && filters[n].name)
        n++;
    copy = zeroed(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = filters[i];
        if (!copy[i].where)
            copy[i].where = equality(&copy[i]);
    }
    return copy;
}

/* --- flows --------------------------------------------------------------------------------------------------- */

struct statuses {
    const char *names[STATUSES_MAX];
    size_t n;
};

static void add_status(struct statuses *s, const char *name, size_t length)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strlen(s->names[i]) == length && memcmp(s->names[i], name, length) == 0)
            return;
    }
    if (s->n == STATUSES_MAX) {
        fprintf(stderr, "a flow has more than %d statuses: %s\n", STATUSES_MAX, name);
        abort();
    }
    s->names[s->n++] = strndup(name, length);
}

/* Those of "draft|rejected". */
static void add_statuses(struct statuses *s, const char *list)
{
    while (list) {
        size_t length = strcspn(list, "|");

        add_status(s, list, length);
        list = list[length] ? list + length + 1 : NULL;
    }
}

static struct statuses statuses_of(const struct step *flow)
{
    struct statuses all = {.n = 0};

    for (; flow->from; flow++) {
        if (strcmp(flow->from, ANY) != 0)
            add_statuses(&all, flow->from);
        if (flow->to)
            add_statuses(&all, flow->to);
    }
    return all;
}

static struct statuses leaves_from(const struct step *step, const struct statuses *all)
{
    struct statuses from = {.n = 0};

    if (strcmp(step->from, ANY) == 0)
        return *all;
    add_statuses(&from, step->from);
    return from;
}

const struct step *flow_written_out(const struct step *flow)
{
    struct statuses all;
    struct step *copy;
    size_t n = 0;

    if (!flow)
        return NULL;
    all = statuses_of(flow);
    for (const struct step *step = flow; step->from; step++)
        n += leaves_from(step, &all).n;
    copy = zeroed(n + 1, sizeof *copy);
    n = 0;
    for (const struct step *step = flow; step->from; step++) {
        struct statuses from = leaves_from(step, &all);

        for (size_t i = 0; i < from.n; i++) {
            copy[n] = *step;
            copy[n].from = from.names[i];
            copy[n].to = step->to ? step->to : from.names[i];
            n++;
        }
    }
    return copy;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

/* The tables are copies that areas_join() made: the casts take away what their types promise to other modules. */
void short_forms_write_out(struct area *all)
{
    for (struct route *r = (struct route *)(uintptr_t)all->routes; r && r->method; r++)
        r->fields = fields_written_out(r->fields);
    for (struct resource *r = (struct resource *)(uintptr_t)all->resources; r && r->name; r++) {
        r->filters = filters_written_out(r->filters);
        r->flow = flow_written_out(r->flow);
    }
    for (struct consumer *c = (struct consumer *)(uintptr_t)all->consumers; c && c->subject; c++)
        c->fields = fields_written_out(c->fields);
    for (struct import_kind *i = (struct import_kind *)(uintptr_t)all->imports; i && i->name; i++)
        i->fields = fields_written_out(i->fields);
}
