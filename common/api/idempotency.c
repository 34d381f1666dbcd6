#include "idempotency.h"

#include <string.h>

#include "idempotency_queries.h"
#include "principal.h"
#include "request.h"
#include "resource.h"
#include "response.h"
#include "sha256.h"
#include "sql.h"
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

static int keep(struct work *w, int status, const char *body)
{
    const struct request *r = w->request;

    return q_idempotency_keep(w, principal_subject(w->who), r->route->row.path, r->idempotency_key, r->digest,
                              status, body, w->etag, w->location);
}

/* The answer's document is read where it is kept, and comes with the commit: no round trip waits for it.
 * Without one the body is null, which the table refuses. */
static int keep_item(struct work *w)
{
    const struct request *r = w->request;
    const char *values[] = {w->location,        principal_subject(w->who),
                            r->route->row.path, r->idempotency_key,
                            r->digest,          sql_from_int(w, response_status(w)),
                            w->item->id,        w->item->resource->flow ? item_actions(w, w->item) : NULL};

    return sql_last_text(
        w,
        textf(w,
              "insert into idempotency (location, principal, route, key, digest, status, body, etag) "
              "select $1, $2, $3, $4, $5, $6::int, item.body, item.etag "
              "from " SQL_EACH " left join lateral (%s) item on true returning body, etag, location",
              item_select(w, w->item, 7)),
        w->item->resource->flow ? 8 : 7, values);
}

int idempotency_store(struct work *w)
{
    if (!w->request || !w->request->idempotency_key || w->dry_run)
        return OK;
    if (w->item && !w->refused)
        return keep_item(w);
    return keep(w, response_status(w), response_body(w));
}

/* The kept answer of a business refusal is its problem. */
static int store_refusal(struct work *w)
{
    int status = w->status;
    const char *body = w->reply;

    w->reply = NULL;
    return keep(w, status, body);
}

static int give_again(struct work *w, const struct idempotency_find_row *kept)
{
    work_again(w);
    if (strcmp(kept->digest, w->request->digest) != 0)
        return http_error(w, 422, "idempotency.key_reused",
                          "This Idempotency-Key was used before for another request.");
    w->status = kept->status;
    w->etag = kept->etag;
    w->location = kept->location;
    response_header(w, "Idempotent-Replayed", "true");
    return reply(w, kept->body);
}

static int find(struct work *w)
{
    struct idempotency_find_row kept;

    TRY(q_idempotency_find(w, principal_subject(w->who), w->request->route->row.path,
                           w->request->idempotency_key, &kept));
    return kept.found ? give_again(w, &kept) : fail(w, NOT_FOUND, "idempotency.unused", "not used before");
}

int idempotency_replay(struct work *w)
{
    struct work first = *w;
    enum fault fault = w->fault;

    if (!w->request->idempotency_key || w->dry_run)
        return (int)fault;
    work_again(w);
    if (work_run(w, find, NULL) == OK || (w->fault == INVALID && w->status == 422))
        return (int)w->fault;
    if (w->fault == BUSY) /* nobody knows whether it was done before: the refusal may not be its answer */
        return BUSY;
    work_again(w);
    if (fault == CONFLICT && first.constraint && !strcmp(first.constraint, "idempotency_pkey")) {
        *w = first;
        return fail(w, BUSY, "idempotency.in_progress",
                    "A request with this Idempotency-Key is in progress. Try again in a moment.");
    }
    /* Input that is wrong today may be right tomorrow, when a price or an order has been heard of: only what
     * a rule decided about is decided. */
    if (fault == CONFLICT && first.status != 412) {
        w->reply = response_problem(&first);
        w->status = response_status(&first);
        work_run(w, store_refusal, NULL);
    }
    first.db = NULL;
    *w = first;
    return (int)fault;
}
