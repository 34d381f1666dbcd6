#include "intake.h"

#include <string.h>

#include "calendar.h"
#include "intake_queries.h"
#include "quality_queries.h"

/* An event without what is personal: of the address only the country stays. */
static json_t *without_person(const json_t *e)
{
    const json_t *to = json_object_get(json_object_get(e, "private"), "ship_to");
    const char *country = json_text_in(to, "country");

    return json_pack("{s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:s?}", "id", json_object_get(e, "id"), "type",
                     json_object_get(e, "type"), "aggregate", json_object_get(e, "aggregate"), "aggregate_id",
                     json_object_get(e, "aggregate_id"), "version", json_object_get(e, "version"), "time",
                     json_object_get(e, "time"), "data", json_object_get(e, "data"), "country", country);
}

static const json_t *read_news(struct work *w)
{
    json_t *news = json_owned(w, json_array()), *e;
    size_t i;

    json_array_foreach(w->in, i, e) json_array_append_new(news, without_person(e));
    return news;
}

int intake(struct work *w, enum company company, apply_news apply)
{
    const json_t *news = read_news(w);
    struct figures_state_row state;

    TRY(company == ALONE ? q_figures_alone(w) : q_figures_shared(w));
    TRY(q_figures_begin(w, calendar_zone()));
    TRY(q_archive_add(w, json_text(w, news)));
    TRY(q_figures_state(w, &state));
    if (state.rebuilding)
        return OK;
    TRY(apply(w, news, state.zone));
    return intake_count(w, news, state.zone);
}

int intake_count(struct work *w, const json_t *news, const char *zone)
{
    return q_intake_count(w, heads_of(w, news), zone);
}

const char *news_of(struct work *w, const json_t *news, const char *type)
{
    json_t *list = json_owned(w, json_array()), *e;
    size_t n = strlen(type), i;
    bool all = type[n - 1] == '.';

    json_array_foreach((json_t *)(uintptr_t)news, i, e)
    {
        const char *is = json_text_in(e, "type");

        if (all ? strncmp(is, type, n) == 0 : strcmp(is, type) == 0)
            json_array_append(list, e);
    }
    return json_array_size(list) ? json_text(w, list) : NULL;
}

const char *heads_of(struct work *w, const json_t *news)
{
    json_t *list = json_owned(w, json_array()), *e;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)news, i, e)
        json_array_append_new(list, json_pack("{s:O, s:O, s:O, s:O}", "id", json_object_get(e, "id"), "type",
                                              json_object_get(e, "type"), "time", json_object_get(e, "time"),
                                              "aggregate_id", json_object_get(e, "aggregate_id")));
    return json_text(w, list);
}
