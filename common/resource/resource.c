#include "resource.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cursor.h"
#include "item.h"
#include "model.h"
#include "outbox.h"
#include "page.h"
#include "principal.h"
#include "request.h"
#include "row.h"
#include "sql.h"
#include "transaction.h"

enum { PAGE = 50, PAGE_MAX = 250, VALUES_OF_A_LIST = 24 };

/* A select made of the row's identifiers; values are always parameters. */
struct listing {
    const struct resource *resource;
    struct text where;
    const char *values[VALUES_OF_A_LIST];
    int n;
    const char *sort;
    bool ascending;
    int limit;
};

/* --- one item ------------------------------------------------------------------------------------------ */

static int answer_one(struct work *w, const struct resource *r, const struct pg_result *rows)
{
    struct text out = text_new(w->arena);

    item_add(w, &out, rows, 0);
    if (r->aggregate)
        w->etag = textf(w, "\"v%s\"", sql_text(rows, 0, ITEM_VERSION));
    if (r->changes_without_events && w->request)
        w->request->if_none_match = NULL;
    return reply(w, out.bytes);
}

static int select_one(struct work *w, const struct resource *r, const char *id, struct pg_result **rows)
{
    const char *values[3] = {id};
    struct text where = text_new(w->arena);
    int n = 1;

    text_addf(&where, "%s = $1%s", resource_key(r), r->key ? "" : "::uuid");
    if (r->flow)
        values[n++] = item_actions(w, r);
    if (item_visibility(w, r) == SEES_OWN) {
        values[n++] = principal_subject(w->who);
        text_addf(&where, " and %s = $%d", r->owner, n);
    }
    return sql_fetch_text(
        w, textf(w, "select %s from %s where %s", item_columns(w, r, "$2"), r->view, where.bytes), n, values,
        rows);
}

static int read_one(struct work *w, const struct resource *r, const char *id, bool *pending)
{
    struct pg_result *rows;

    if (item_visibility(w, r) == SEES_NONE || (!r->key && !field_text_fits(UUID, id)))
        return not_found(w);
    TRY(select_one(w, r, id, &rows));
    TRY(sql_only_row(w, rows));
    if (pending)
        *pending = sql_bool(rows, 0, ITEM_PENDING);
    return answer_one(w, r, rows);
}

int resource_one(struct work *w)
{
    const struct resource *r = w->request->route->resource;

    return read_one(w, r, path_var(w, resource_key(r)), NULL);
}

/* --- an item as the response to a change --------------------------------------------------------------- */

/* Nothing of the response must be known before the commit: with a key it is stored there, and composed by the
 * same statement. */
static bool may_defer(const struct work *w, const struct resource *r)
{
    const struct request *q = w->request;

    return q->idempotency_key && !w->dry_run && !(r->pending && q->wait_seconds > 0);
}

int reply_resource(struct work *w, const char *name, const char *id)
{
    const struct resource *r = model_resource(name);
    struct request *q = w->request;
    bool pending;

    TRY(transaction_flush(w));
    if (!q)
        return read_one(w, r, id, NULL);
    if (!w->location)
        w->location = textf(w, "/v1/%s/%s", name, id);
    q->waiting_for = NULL;
    if (may_defer(w, r) && item_defer(w, r, id))
        return OK;
    TRY(read_one(w, r, id, &pending));
    if (pending && q->wait_seconds > 0 && !w->dry_run)
        q->waiting_for = id;
    return OK;
}

void resource_wait(struct work *w, const struct resource *r, const char *id, int seconds)
{
    int64_t until = clock_ms() + (int64_t)seconds * 1000;
    unsigned long seen = 0;
    bool pending = true;

    w->writes = false;
    w->until = until; /* the effect is committed: there is an answer whatever happens now */
    while (pending && clock_ms() < until) {
        signal_wait(&outbox_signal, &seen, 20);
        if (read_one(w, r, id, &pending) != OK) {
            w->fault = OK;
            break;
        }
        sql_release(w);
    }
}

/* --- lists --------------------------------------------------------------------------------------------- */

static void add_owner(struct work *w, const struct resource *r, struct listing *l)
{
    l->values[l->n++] = principal_subject(w->who);
    text_addf(&l->where, " and %s = $%d", r->owner, l->n);
}

static int query_fault(struct work *w, const char *name, const char *code, const char *detail)
{
    fault_at(w, textf(w, "?%s", name), code, "%s", detail);
    return OK;
}

static int add_filter(struct work *w, struct listing *l, const char *name, const char *value)
{
    const struct filter *f = row_named(l->resource->filters, name);

    if (!f)
        return query_fault(w, name, "query.unknown", "This filter does not exist.");
    if (!field_text_fits(f->type, value))
        return query_fault(w, name, "query.format", "The value does not fit the type of the filter.");
    if (l->n >= VALUES_OF_A_LIST - 4)
        return query_fault(w, name, "query.too_many", "Too many filters.");
    l->values[l->n++] = value;
    text_addf(&l->where, " and %.*s$%d%s", (int)strcspn(f->where, "?"), f->where, l->n,
              strchr(f->where, '?') + 1);
    return OK;
}

static bool is_sort(const struct resource *r, const char *name, size_t n)
{
    for (const char *p = r->sorts; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        if (!strncmp(p, name, n) && (p[n] == ',' || !p[n]))
            return true;
    }
    return false;
}

static void set_sort(struct work *w, struct listing *l, const char *value)
{
    const struct resource *r = l->resource;

    l->ascending = *value && *value != '-';
    value += *value == '-';
    if (*value && !is_sort(r, value, strlen(value)))
        query_fault(w, "sort", "query.sort",
                    textf(w, "Sort by one of %s, with - in front for descending.", r->sorts));
    l->sort = *value ? value : arena_copy(w->arena, r->sorts, strcspn(r->sorts, ","));
}

static void set_limit(struct work *w, struct listing *l, const char *value)
{
    l->limit = field_text_fits(INTEGER, value) ? (int)strtol(value, NULL, 10) : 0;
    if (strlen(value) > 4 || l->limit < 1 || l->limit > PAGE_MAX)
        query_fault(w, "limit", "query.limit", "limit must be from 1 to 250.");
}

/* /v1/stock/{sku}/movements lists the movements whose filter `sku` has the path's value. */
static int add_path_filters(struct work *w, struct listing *l)
{
    for (int i = 0; i < w->var_count; i++) {
        if (w->vars[i].in_path)
            TRY(add_filter(w, l, w->vars[i].name, w->vars[i].value));
    }
    return OK;
}

static int query_faults(struct work *w)
{
    w->status = w->error_count ? 400 : 0;
    return failed_if_any(w, "query.invalid", "The query string is invalid: errors[] names every fault.");
}

static int read_list_query(struct work *w, struct listing *l, const char **cursor, struct text *same_query)
{
    set_sort(w, l, "");
    TRY(add_path_filters(w, l));
    for (int i = 0; i < w->var_count; i++) {
        const char *name = w->vars[i].name, *value = w->vars[i].value;

        if (w->vars[i].in_path)
            continue;
        if (strcmp(name, "cursor") == 0)
            *cursor = value;
        else if (strcmp(name, "limit") == 0)
            set_limit(w, l, value);
        else
            text_addf(same_query, "&%s=%s", name, value);
        if (strcmp(name, "sort") == 0)
            set_sort(w, l, value);
        else if (strcmp(name, "limit") != 0 && strcmp(name, "cursor") != 0)
            TRY(add_filter(w, l, name, value));
    }
    return query_faults(w);
}

/* The page begins behind the row that the cursor names. */
static int add_cursor(struct work *w, struct listing *l, const char *cursor, const char *same_query)
{
    const char *after = NULL, *key = NULL;

    if (!cursor)
        return OK;
    if (!cursor_read(w, same_query, cursor, &after, &key)) {
        query_fault(w, "cursor", "query.cursor",
                    "The cursor is damaged or belongs to another query. Start again without it.");
        return query_faults(w);
    }
    l->values[l->n++] = after;
    l->values[l->n++] = key;
    text_addf(&l->where, " and (%s, %s) %s ($%d, $%d%s)", l->sort, resource_key(l->resource),
              l->ascending ? ">" : "<", l->n - 1, l->n, l->resource->key ? "" : "::uuid");
    return OK;
}

static int reply_page(struct work *w, const struct listing *l, const struct pg_result *rows,
                      const char *same_query)
{
    size_t shown = sql_height(rows) > (size_t)l->limit ? (size_t)l->limit : sql_height(rows);
    struct text page = page_begin(w);
    const char *next = NULL;

    for (size_t i = 0; i < shown; i++) {
        page_next(&page);
        item_add(w, &page, rows, (int)i);
    }
    if (sql_height(rows) > shown)
        next = cursor_make(w, same_query, sql_text(rows, (int)shown - 1, ITEM_COLUMNS),
                           sql_text(rows, (int)shown - 1, ITEM_KEY));
    return page_reply(w, &page, next);
}

/* `v.` in the order: a bare name would mean the output column of that name, which is text: 10 before 9,
 * and no index. */
int resource_list(struct work *w)
{
    const struct resource *r = w->request->route->resource;
    struct listing l = {.resource = r, .where = text_new(w->arena), .limit = PAGE};
    struct text same_query = text_new(w->arena);
    const char *cursor = NULL, *direction;
    struct pg_result *rows;

    /* A cursor is good for the very list it came from. */
    for (int i = 0; i < w->request->segment_count; i++)
        text_addf(&same_query, "/%s", w->request->segments[i]);
    TRY(read_list_query(w, &l, &cursor, &same_query));
    if (item_visibility(w, r) == SEES_NONE)
        return fail(w, FORBIDDEN, "auth.not_for_customers", "Customers may not read this list.");
    if (item_visibility(w, r) == SEES_OWN)
        add_owner(w, r, &l);
    TRY(add_cursor(w, &l, cursor, same_query.bytes));
    direction = l.ascending ? "" : " desc";
    if (l.n)
        TRY(sql_plan_by_value(w));
    if (r->flow)
        l.values[l.n++] = item_actions(w, r);
    TRY(sql_fetch_text(w,
                       textf(w, "select %s, %s::text from %s v where true%s order by v.%s%s, v.%s%s limit %d",
                             item_columns(w, r, textf(w, "$%d", l.n)), l.sort, r->view, l.where.bytes, l.sort,
                             direction, resource_key(r), direction, l.limit + 1),
                       l.n, l.values, &rows));
    return reply_page(w, &l, rows, same_query.bytes);
}
