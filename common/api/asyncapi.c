#include "asyncapi.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common_events.h"
#include "consume.h"
#include "field.h"
#include "response.h"

/* The envelope is CloudEvents 1.0 in JSON, structured mode; the extensions are ours
 * (docs/reference/events.md). */
static struct {
    const char *service;
    const char *const *events;
    bool imports;
} described;

void asyncapi_open(const char *service, const char *const *events, bool imports)
{
    described.service = service;
    described.events = events;
    described.imports = imports;
}

static json_t *envelope(const char *source, json_t *types, json_t *schema)
{
    json_t *properties = json_pack(
        "{s:{s:s}, s:{s:s, s:s}, s:{s:s}, s:{s:o}, s:{s:s}, s:{s:s, s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:i},"
        " s:{s:s}, s:{s:s}}",
        "specversion", "const", "1.0", "id", "type", "string", "format", "uuid", "source", "const", source,
        "type", "enum", types, "subject", "type", "string", "time", "type", "string", "format", "date-time",
        "datacontenttype", "const", "application/json", "aggregate", "type", "string", "aggregateversion",
        "type", "integer", "minimum", 1, "actor", "type", "string", "traceparent", "type", "string");
    json_t *data = json_object_get(schema, "data"), *personal = json_object_get(schema, "private");

    json_object_set(properties, "data", data);
    if (personal)
        json_object_set(properties, "private", personal);
    return json_pack("{s:s, s:[s,s,s,s,s,s,s], s:o}", "type", "object", "required", "specversion", "id",
                     "source", "type", "subject", "time", "data", "properties", properties);
}

static json_t *link_to(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/%s/%s", kind, name));
}

/* One channel for all events of an aggregate: a consumer needs them all, as versions have no gaps. */
static json_t *channel(const char *prefix, const char *title, json_t *verb)
{
    return json_pack("{s:o, s:s, s:{s:o}}", "address", json_sprintf("%s.{verb}", prefix), "title", title,
                     "parameters", "verb", verb);
}

static void add_operation(json_t *doc, const char *does, const char *name, json_t *operation)
{
    char key[120];

    snprintf(key, sizeof key, "%s.%s", does, name);
    json_object_set_new(json_object_get(doc, "operations"), key, operation);
}

static json_t *types_of(const char *prefix, const json_t *schema)
{
    json_t *types = json_array(), *meaning;
    const char *verb;

    json_object_foreach(json_object_get(schema, "events"), verb, meaning)
        json_array_append_new(types, json_sprintf("%s.%s", prefix, verb));
    return types;
}

static json_t *verbs_of(const json_t *schema)
{
    json_t *names = json_array(), *meaning;
    const char *verb;

    json_object_foreach(json_object_get(schema, "events"), verb, meaning)
        json_array_append_new(names, json_string(verb));
    return names;
}

static void add_sent(const char *text, json_t *doc)
{
    json_t *schema = json_loads(text, 0, NULL), *message, *address;
    const char *aggregate = json_string_value(json_object_get(schema, "aggregate"));
    const char *title = json_string_value(json_object_get(schema, "title"));
    const char *subject = json_string_value(json_object_get(schema, "subject"));
    char name[80], prefix[80], path[82];

    snprintf(name, sizeof name, "%s.%s", described.service, aggregate);
    snprintf(prefix, sizeof prefix, "%s.%s", described.service, subject ? subject : aggregate);
    snprintf(path, sizeof path, "/%s", described.service);
    message = json_pack("{s:s, s:s, s:O, s:o}", "name", name, "title", title, "x-events",
                        json_object_get(schema, "events"), "payload",
                        envelope(path, types_of(prefix, schema), schema));
    json_object_set_new(json_object_get(json_object_get(doc, "components"), "messages"), name, message);
    address = channel(prefix, title, json_pack("{s:o}", "enum", verbs_of(schema)));
    json_object_set_new(address, "messages",
                        json_pack("{s:o}", aggregate, link_to("components/messages", name)));
    json_object_set_new(json_object_get(doc, "channels"), name, address);
    add_operation(doc, "send", name,
                  json_pack("{s:s, s:o}", "action", "send", "channel", link_to("channels", name)));
    json_decref(schema);
}

/* Of received events only the fields that the service needs: others are ignored. */
static void add_received(const struct consumer *c, json_t *doc)
{
    const char *verb = strrchr(c->subject, '.') + 1;
    json_t *data = field_schema(c->fields), *address;
    char name[80];

    snprintf(name, sizeof name, "%.*s", (int)(verb - c->subject - 1), c->subject);
    json_object_del(data, "additionalProperties");
    address = channel(name, name, strcmp(verb, "*") ? json_pack("{s:[s]}", "enum", verb) : json_object());
    json_object_set_new(address, "messages",
                        json_pack("{s:{s:s, s:{s:s, s:{s:o}}}}", "needed", "name", name, "payload", "type",
                                  "object", "properties", "data", data));
    json_object_set_new(json_object_get(doc, "channels"), name, address);
    add_operation(doc, "receive", c->name,
                  json_pack("{s:s, s:o}", "action", "receive", "channel", link_to("channels", name)));
}

static json_t *describe(void)
{
    json_t *doc =
        json_pack("{s:s, s:{s:s, s:s}, s:s, s:{}, s:{}, s:{s:{}}}", "asyncapi", "3.0.0", "info", "title",
                  described.service, "version", BACKROOM_VERSION, "defaultContentType",
                  "application/cloudevents+json", "channels", "operations", "components", "messages");

    for (const char *const *text = described.events; text && *text; text++)
        add_sent(*text, doc);
    for (const char *const *text = common_events; described.imports && *text; text++)
        add_sent(*text, doc);
    for (const struct consumer *c = consumer_rows(); c && c->subject; c++)
        add_received(c, doc);
    return doc;
}

int asyncapi_get(struct work *w)
{
    json_t *json = json_owned(w, describe());

    return reply(w, json_text(w, json));
}

void asyncapi_print(void)
{
    json_t *json = describe();

    json_dumpf(json, stdout, JSON_INDENT(2));
    puts("");
    json_decref(json);
}
