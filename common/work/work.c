#include "work.h"

#include <string.h>

#include "clock.h"
#include "random.h"

void work_begin(struct work *w, enum work_kind kind, const char *actor)
{
    memset(w, 0, sizeof *w);
    w->arena = arena_new();
    w->kind = kind;
    w->writes = true;
    w->actor = actor;
    w->until = kind == REQUEST ? clock_ms() + REQUEST_MS : INT64_MAX;
    w->trace = random_hex(w->arena, 16);
    w->errors = text_new(w->arena);
}

void work_end(struct work *w)
{
    arena_free(w->arena);
    w->arena = NULL;
    w->transaction = NULL;
}

void work_reset(struct work *w)
{
    w->fault = w->refused = OK;
    w->constraint = w->code = w->detail = w->reply = w->etag = w->location = NULL;
    w->status = w->error_count = 0;
    w->errors = text_new(w->arena);
}

int fail(struct work *w, enum fault fault, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    w->detail = arena_vformat(w->arena, format, args);
    va_end(args);
    w->fault = fault;
    w->code = code;
    return (int)fault;
}

int not_found(struct work *w)
{
    return fail(w, NOT_FOUND, "resource.not_found", "The resource does not exist, or you may not see it.");
}

int refuse_on_record(struct work *w, enum fault fault, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    w->detail = arena_vformat(w->arena, format, args);
    va_end(args);
    w->refused = fault;
    w->code = code;
    return OK;
}

void fault_at(struct work *w, const char *pointer, const char *code, const char *format, ...)
{
    va_list args;

    text_add(&w->errors, w->error_count++ ? ",{\"pointer\":" : "{\"pointer\":");
    text_add_json(&w->errors, pointer);
    text_add(&w->errors, ",\"code\":");
    text_add_json(&w->errors, code);
    text_add(&w->errors, ",\"detail\":");
    va_start(args, format);
    text_add_json(&w->errors, arena_vformat(w->arena, format, args));
    va_end(args);
    text_add(&w->errors, "}");
}

int failed_if_any(struct work *w, const char *code, const char *detail)
{
    return w->error_count ? fail(w, INVALID, code, "%s", detail) : OK;
}

/* The input of a delivered event is its data, a member of the envelope. */
json_t *in_get(struct work *w, const char *name)
{
    json_t *in = w->kind == DELIVERY ? json_object_get(w->in, "data") : w->in;
    json_t *value = json_object_get(in, name);

    return json_is_null(value) ? NULL : value;
}

const char *in_str(struct work *w, const char *name)
{
    return json_string_value(in_get(w, name));
}

int64_t in_int(struct work *w, const char *name)
{
    return json_integer_value(in_get(w, name));
}

bool in_bool(struct work *w, const char *name)
{
    return json_is_true(in_get(w, name));
}

bool in_has(struct work *w, const char *name)
{
    return in_get(w, name) != NULL;
}

const char *in_json(struct work *w, const char *name)
{
    json_t *value = in_get(w, name);

    return value ? json_text(w, value) : NULL;
}

json_t *json_owned(struct work *w, json_t *json)
{
    return arena_owns(w->arena, json, (void (*)(void *))json_decref);
}

const char *json_text(struct work *w, const json_t *json)
{
    return arena_owns(w->arena, json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY), free);
}

const char *json_text_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const char *var(const struct work *w, const char *name, bool in_path)
{
    for (int i = 0; i < w->var_count; i++) {
        if (w->vars[i].in_path == in_path && strcmp(w->vars[i].name, name) == 0)
            return w->vars[i].value;
    }
    return NULL;
}

const char *path_var(struct work *w, const char *name)
{
    return var(w, name, true);
}

const char *query_var(struct work *w, const char *name)
{
    return var(w, name, false);
}

const char *new_id(struct work *w)
{
    return random_uuid_v7(w->arena);
}

int reply(struct work *w, const char *json)
{
    w->reply = json;
    return OK;
}
