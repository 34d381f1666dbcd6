#include "idempotency.h"

#include <string.h>

#include "idempotency_queries.h"
#include "item.h"
#include "principal.h"
#include "request.h"
#include "response.h"
#include "sha256.h"
#include "sql.h"
#include "transaction.h"
#include "work.h"

const char *idempotency_digest(struct work *w, const char *method, const char *target, const char *body,
                               size_t length)
{
    struct text t = text_new(w->arena);

    text_addf(&t, "%s %s\n", method, target);
    text_add_bytes(&t, body ? body : "", length);
    return sha256_hex(w->arena, t.bytes, t.length);
}

int idempotency_key(struct work *w, const char *value)
{
    size_t n = value ? strlen(value) : 0;

    if (!w->writes || !w->request->route->row.scope || strcmp(w->request->method, "POST") != 0)
        return OK;
    if (!value)
        return http_error(w, 400, "idempotency.key_required",
                          "Send an Idempotency-Key with every POST: the same key sent again "
                          "gets the same response and has no second effect.");
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value = arena_copy(w->arena, value + 1, n - 2);
        n -= 2;
    }
    if (n < 1 || n > 255 ||
        strspn(value, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.:-") != n)
        return http_error(w, 400, "idempotency.key_invalid",
                          "An Idempotency-Key has 1 to 255 characters of A-Z a-z 0-9 _ . : -");
    w->request->idempotency_key = value;
    return OK;
}

static int store(struct work *w, int status, const char *body)
{
    const struct request *r = w->request;

    return q_idempotency_store(w, principal_subject(w->who), r->route->row.path, r->idempotency_key,
                               r->digest, status, body, w->etag, w->location);
}

static void take_response(struct work *w, struct pg_result *rows, void *unused)
{
    (void)unused;
    w->reply = sql_text(rows, 0, 0);
    w->etag = sql_text(rows, 0, 1);
}

/* The item is selected, stored and returned by one statement, which comes with the commit: no round trip
 * waits for it. If it is not there, its body is null, which the table refuses. The select has the parameters
 * p7 to p9. */
static int store_item(struct work *w, const struct item *item)
{
    const struct request *r = w->request;
    const struct resource *resource = item->resource;
    const char *values[] = {w->location,
                            principal_subject(w->who),
                            r->route->row.path,
                            r->idempotency_key,
                            r->digest,
                            sql_from_int(w, response_status(w)),
                            item->id,
                            resource->flow ? item_actions(w, resource) : NULL,
                            principal_subject(w->who)};
    const char *head = "with item as (select batch.*, item.* from ";
    const char *tail = textf(
        w,
        " left join lateral (%s) item on true), "
        "stored as (insert into idempotency (location, principal, route, key, digest, status, body, etag) "
        "select p1, p2, p3, p4, p5, p6::int, body, etag from item) "
        "select body, etag, row_no from item",
        item_select(w, item, "batch.p7", "batch.p8", "batch.p9"));

    return sql_deferred(w, sql_batched_text(w, COUNT(values), head, tail), values, take_response, NULL);
}

int idempotency_store(struct work *w)
{
    const struct item *item;

    if (!w->request || !w->request->idempotency_key || w->dry_run)
        return OK;
    item = item_deferred(w);
    if (item && !w->refused)
        return store_item(w, item);
    return store(w, response_status(w), response_body(w));
}

/* What is stored for a refusal by a business rule is its problem. The context is the work that was
 * refused. */
static int store_refusal(struct work *w)
{
    struct work *refused = w->context;

    return store(w, response_status(refused), response_problem(refused));
}

static int replay(struct work *w, const struct idempotency_find_row *stored)
{
    work_reset(w);
    if (strcmp(stored->digest, w->request->digest) != 0)
        return http_error(w, 422, "idempotency.key_reused",
                          "This Idempotency-Key was used before for another request.");
    w->status = stored->status;
    w->etag = stored->etag;
    w->location = stored->location;
    response_header(w, "Idempotent-Replayed", "true");
    return reply(w, stored->body);
}

static int find(struct work *w)
{
    struct idempotency_find_row stored;

    TRY(q_idempotency_find(w, principal_subject(w->who), w->request->route->row.path,
                           w->request->idempotency_key, &stored));
    return stored.found ? replay(w, &stored) : fail(w, NOT_FOUND, "idempotency.unused", "not used before");
}

int idempotency_replay(struct work *w)
{
    struct work first = *w;
    enum fault fault = w->fault;

    if (!w->request->idempotency_key || w->dry_run)
        return (int)fault;
    work_reset(w);
    if (work_run(w, find, NULL) == OK || (w->fault == INVALID && w->status == 422))
        return (int)w->fault;
    /* It is not known whether it was done before: the refusal may not be its response. */
    if (w->fault == BUSY)
        return BUSY;
    work_reset(w);
    if (fault == CONFLICT && first.constraint && !strcmp(first.constraint, "idempotency_pkey")) {
        *w = first;
        return fail(w, BUSY, "idempotency.in_progress",
                    "A request with this Idempotency-Key is in progress. Try again in a moment.");
    }
    /* Input that is wrong today may be right tomorrow, when a price or an order has arrived: only what a rule
     * refused stays so. */
    if (fault == CONFLICT && first.status != 412) {
        w->context = &first;
        work_run(w, store_refusal, NULL);
    }
    *w = first;
    return (int)fault;
}
