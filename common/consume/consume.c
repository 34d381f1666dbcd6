#include "consume.h"

#include <string.h>

#include "row.h"
#include "sql.h"
#include "work.h"

static const struct consumer *all;

void consume_open(const struct consumer *rows)
{
    all = rows;
}

const struct consumer *consumer_rows(void)
{
    return all;
}

const struct consumer *consumer_named(const char *name)
{
    return row_named(all, name);
}

/* --- reading events ------------------------------------------------------------------------------------- */

bool event_is(struct work *w, const char *word)
{
    const char *type = json_text_in(w->in, "type"), *last = strrchr(type, '.');

    return last && strcmp(last + 1, word) == 0;
}

const char *event_aggregate_id(struct work *w)
{
    return json_text_in(w->in, "aggregate_id");
}

const char *event_time(struct work *w)
{
    return json_text_in(w->in, "time");
}

const char *event_private(struct work *w)
{
    json_t *private = json_object_get(w->in, "private");

    return private ? json_text(w, private) : NULL;
}

bool event_has(struct work *w, const char *type)
{
    json_t *e;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (strcmp(json_text_in(e, "type"), type) == 0)
            return true;
    }
    return false;
}

const char *event_subjects(struct work *w, const json_t *events, const char *type)
{
    struct text ids = sql_list(w);
    json_t *e;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)events, i, e)
    {
        if (strcmp(json_text_in(e, "type"), type) == 0)
            sql_list_add(&ids, json_text_in(e, "aggregate_id"));
    }
    return sql_list_empty(&ids) ? NULL : sql_list_end(&ids);
}

const char *event_batch(struct work *w, const char *type)
{
    json_t *list = json_array(), *e, *data;
    const char *text = NULL;
    size_t i;

    json_array_foreach(w->in, i, e)
    {
        if (type && strcmp(json_text_in(e, "type"), type) != 0)
            continue;
        data = json_object_get(e, "data");
        json_object_set(data, "event_type", json_object_get(e, "type"));
        json_object_set(data, "event_time", json_object_get(e, "time"));
        if (json_object_get(e, "private"))
            json_object_set(data, "private", json_object_get(e, "private"));
        json_array_append(list, data);
    }
    if (json_array_size(list))
        text = json_text(w, list);
    json_decref(list);
    return text;
}
