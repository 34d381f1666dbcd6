#include "openapi.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "model.h"
#include "resource.h"
#include "route.h"

static const char *service_name;

void openapi_open(const char *service)
{
    service_name = service;
}

static json_t *parameter(const char *name, const char *in, json_t *schema)
{
    return json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required", !strcmp(in, "path"),
                     "schema", schema);
}

static json_t *string_schema(void)
{
    return json_pack("{s:s}", "type", "string");
}

static void add_path_parameters(const struct bound_route *b, json_t *list)
{
    for (int i = 0; i < b->count; i++) {
        if (b->variables[i])
            json_array_append_new(list, parameter(b->variables[i], "path", string_schema()));
    }
}

/* The value of a filter: its form, not the bounds of a body's field. */
static json_t *filter_schema(enum field_type type)
{
    const struct field f = {.name = "", .type = type, .min = INT64_MIN, .max = INT64_MAX};

    return type == TEXT ? string_schema() : field_schema_one(&f);
}

/* A variable of the path is a filter, too: it is not listed twice. */
static void add_list_parameters(const struct bound_route *b, json_t *list)
{
    for (const struct filter *f = b->resource->filters; f && f->name; f++) {
        char variable[80];

        snprintf(variable, sizeof variable, "{%s}", f->name);
        if (!strstr(b->row.path, variable))
            json_array_append_new(list, parameter(f->name, "query", filter_schema(f->type)));
    }
    json_array_append_new(
        list, parameter("limit", "query",
                        json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 1, "maximum", 250)));
    json_array_append_new(list, parameter("cursor", "query", string_schema()));
    json_array_append_new(list, parameter("sort", "query", string_schema()));
}

static bool is_listed(const json_t *names, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(names, i, one)
    {
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

static void add_query_parameters(const struct bound_route *b, json_t *list)
{
    json_t *schema = field_schema(b->row.fields), *one;
    const char *name;

    if (b->row.handler == resource_list) {
        add_list_parameters(b, list);
    } else {
        json_object_foreach(json_object_get(schema, "properties"), name, one)
        {
            json_t *p = parameter(name, "query", json_incref(one));

            json_object_set_new(p, "required",
                                json_boolean(is_listed(json_object_get(schema, "required"), name)));
            json_array_append_new(list, p);
        }
    }
    json_decref(schema);
}

static void add_header_parameters(const struct bound_route *b, json_t *list)
{
    if (!strcmp(b->row.method, "POST") && b->row.scope) {
        json_t *key = parameter("Idempotency-Key", "header", string_schema());

        json_object_set_new(key, "required", json_true());
        json_array_append_new(list, key);
    }
}

static json_t *operation(const struct bound_route *b)
{
    json_t *list = json_array(), *op = json_pack("{s:s}", "summary", b->row.summary);
    bool reads = !strcmp(b->row.method, "GET");
    char status[8];

    add_path_parameters(b, list);
    add_header_parameters(b, list);
    if (reads)
        add_query_parameters(b, list);
    json_object_set_new(op, "parameters", list);
    if (!reads)
        json_object_set_new(op, "requestBody",
                            json_pack("{s:b, s:{s:{s:o}}}", "required", b->row.fields != NULL || b->row.raw,
                                      "content", b->row.raw ? "application/octet-stream" : "application/json",
                                      "schema", b->row.raw ? string_schema() : field_schema(b->row.fields)));
    snprintf(status, sizeof status, "%d", b->row.status);
    json_object_set_new(op, "responses",
                        json_pack("{s:{s:s, s:{s:{s:{s:s}}}}, s:{s:s}}", status, "description", "Done",
                                  "content", "application/json", "schema", "type", "object", "default",
                                  "$ref", "#/components/responses/Problem"));
    if (b->row.scope) {
        json_object_set_new(op, "security", json_pack("[{s:[s]}]", "bearer", b->row.scope));
        json_object_set_new(op, "x-scope", json_string(b->row.scope));
    } else {
        json_object_set_new(op, "security", json_array());
    }
    return op;
}

static json_t *problem(void)
{
    return json_pack("{s:s, s:{s:{s:{s:s, s:[s,s,s,s]}}}}", "description",
                     "The problem, with every fault at once (RFC 9457)", "content",
                     "application/problem+json", "schema", "type", "object", "required", "status", "code",
                     "detail", "trace_id");
}

static json_t *describe(void)
{
    const struct bound_route *all;
    json_t *paths = json_object();
    int count;

    all = route_all(&count);
    for (int i = 0; i < count; i++) {
        json_t *path = json_object_get(paths, all[i].row.path);
        char method[8] = "";

        for (size_t c = 0; all[i].row.method[c] && c < sizeof method - 1; c++)
            method[c] = (char)(all[i].row.method[c] | 0x20);
        if (!path) {
            path = json_object();
            json_object_set_new(paths, all[i].row.path, path);
        }
        if (!json_object_get(path, method))
            json_object_set_new(path, method, operation(&all[i]));
    }
    return json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:{s:o}, s:{s:{s:s, s:s, s:s}}}}", "openapi", "3.1.0",
                     "info", "title", service_name, "version", BACKROOM_VERSION, "paths", paths, "components",
                     "responses", "Problem", problem(), "securitySchemes", "bearer", "type", "http", "scheme",
                     "bearer", "bearerFormat", "JWT");
}

int openapi_get(struct work *w)
{
    json_t *json = json_owned(w, describe());

    return reply(w, json_text(w, json));
}

void openapi_print(void)
{
    json_t *json = describe();

    json_dumpf(json, stdout, JSON_INDENT(2));
    puts("");
    json_decref(json);
}
