#include "validate.h"

#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "idempotency.h"
#include "request.h"
#include "request_checks.h"
#include "resource.h"
#include "response.h"
#include "work.h"

/* A path variable `id` or `…_id` is a UUID: nothing else can exist. */
static int check_ids(struct work *w)
{
    for (int i = 0; i < w->var_count; i++) {
        const struct var *v = &w->vars[i];
        size_t n = strlen(v->name);

        if (!v->in_path || n < 2 || strcmp(v->name + n - 2, "id") != 0 || (n > 2 && v->name[n - 3] != '_'))
            continue;
        if (!field_text_fits(UUID, v->value))
            return not_found(w);
    }
    return OK;
}

static const struct field *field_named(const struct field *f, const char *name)
{
    while (f && f->name && strcmp(f->name, name) != 0)
        f++;
    return f && f->name ? f : NULL;
}

static void check_dry_run(struct work *w, const char *value)
{
    if (!field_text_fits(BOOLEAN, value) && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        fault_at(w, "?dry_run", "query.format", "dry_run must be 1, 0, true or false.");
}

static json_t *json_of_parameter(const struct field *f, const char *value)
{
    bool number = f->type == INTEGER || f->type == QUANTITY || f->type == MONEY;

    return number && field_text_fits(INTEGER, value) ? json_integer(strtoll(value, NULL, 10))
                                                     : json_string(value);
}

/* On a GET route with fields of its own the query string is the input; a list reads it itself; any other
 * request has at most dry_run there. */
static int read_query(struct work *w)
{
    const struct route *route = &w->request->route->row;
    json_t *in = json_owned(w, json_object());

    if (route->handler == resource_list)
        return OK;
    for (int i = 0; i < w->var_count; i++) {
        const struct var *v = &w->vars[i];
        const struct field *f = w->writes ? NULL : field_named(route->fields, v->name);

        if (v->in_path)
            continue;
        if (w->writes && strcmp(v->name, "dry_run") == 0)
            check_dry_run(w, v->value);
        else if (f)
            json_object_set_new(in, v->name, json_of_parameter(f, v->value));
        else
            fault_at(w, textf(w, "?%s", v->name), "query.unknown", "This parameter does not exist.");
    }
    if (!w->writes) {
        w->in = in;
        field_check_query(w, in, route->fields);
    }
    w->status = w->error_count ? 400 : 0;
    return failed_if_any(w, "query.invalid", "The query string is invalid: errors[] names every fault.");
}

static int read_json(struct work *w, struct request *r)
{
    bool none = !r->body_length && !r->route->row.fields;
    const char *bytes = none ? "{}" : r->body, *why;
    size_t length = none ? 2 : r->body_length;

    r->digest = idempotency_digest(w, r->method, r->target, bytes, length);
    w->in = json_parse(bytes, length, &why);
    if (!w->in)
        return http_error(w, 400, "body.malformed", "The body %s.", why);
    json_owned(w, w->in);
    if (!json_is_object(w->in))
        return http_error(w, 400, "body.malformed", "The body must be a JSON object.");
    field_check(w, w->in, r->route->row.fields, false);
    return failed_if_any(w, "body.invalid", "The body is invalid: errors[] names every fault.");
}

static int read_body(struct work *w, struct request *r)
{
    if (!w->writes)
        return OK;
    TRY(check_body(w, r->route->row.raw));
    return r->route->row.raw ? OK : read_json(w, r);
}

int validate(struct work *w)
{
    TRY(check_ids(w));
    TRY(read_query(w));
    TRY(read_body(w, w->request));
    return idempotency_key(w, header(w->request, "Idempotency-Key"));
}
