#include "calendar.h"

#include <string.h>
#include <time.h>

#include "calendar_queries.h"
#include "config.h"
#include "flow.h"
#include "outbox.h"
#include "resource.h"
#include "service.h"
#include "work.h"

enum { DAYS_AHEAD = 400 };

int64_t calendar_due(const struct calendar *c, int64_t start, int64_t seconds)
{
    int64_t at = start;

    for (size_t i = 0; i < c->count; i++) {
        const struct span *s = &c->spans[i];

        if (s->closes <= at)
            continue;
        at = s->opens > at ? s->opens : at;
        if (s->closes - at >= seconds)
            return at + seconds;
        seconds -= s->closes - at;
        at = s->closes;
    }
    return -1;
}

int calendar_minutes(const char *text)
{
    static const char digits[] = "0123456789";
    int minutes;

    if (strlen(text) != 5 || text[2] != ':' || strspn(text, digits) != 2 || strspn(text + 3, digits) != 2 ||
        text[3] > '5')
        return -1;
    minutes = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
    return minutes <= 24 * 60 ? minutes : -1;
}

const char *calendar_zone(void)
{
    return config_text("SHOP_TIME_ZONE", "Europe/London");
}

int calendar_read(struct work *w, struct calendar *c)
{
    struct calendar_spans_row *rows;
    struct calendar_now_row now;

    TRY(q_calendar_now(w, &now));
    TRY(q_calendar_spans(w, calendar_zone(), DAYS_AHEAD, &rows, &c->count));
    c->now = now.now;
    c->spans = arena_alloc(w->arena, (c->count + 1) * sizeof *c->spans);
    for (size_t i = 0; i < c->count; i++)
        c->spans[i] = (struct span){rows[i].opens, rows[i].closes};
    return OK;
}

const char *calendar_after(struct work *w, const struct calendar *c, int64_t seconds)
{
    int64_t due = calendar_due(c, c->now, seconds);
    time_t at = (time_t)(due < 0 ? c->now + seconds : due);
    char text[32];
    struct tm utc;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &utc));
    return arena_copy(w->arena, text, strlen(text));
}

/* --- changing it ------------------------------------------------------------------------------------------------- */

static const struct field hour_fields[] = {
    {"weekday", INTEGER, REQUIRED, 1, 7},
    {"opens", TEXT, REQUIRED, 5, 5},
    {"closes", TEXT, REQUIRED, 5, 5},
    {0},
};

static const struct field holiday_fields[] = {
    {"day", DAY, REQUIRED},
    {"name", TEXT},
    {0},
};

const struct field calendar_fields[] = {
    {"hours", LIST, REQUIRED, 1, 50, hour_fields},
    {"holidays", LIST, OPTIONAL, 0, 400, holiday_fields},
    {0},
};

static void check_hours(struct work *w, const json_t *hours)
{
    const json_t *h;
    size_t i;

    json_array_foreach(hours, i, h)
    {
        int opens = calendar_minutes(json_string_value(json_object_get(h, "opens")));
        int closes = calendar_minutes(json_string_value(json_object_get(h, "closes")));

        if (opens < 0)
            fault_at(w, textf(w, "/hours/%zu/opens", i), "calendar.time", "A time of day is written 09:30.");
        if (closes < 0)
            fault_at(w, textf(w, "/hours/%zu/closes", i), "calendar.time", "A time of day is written 18:00.");
        if (opens >= 0 && closes >= 0 && closes <= opens)
            fault_at(w, textf(w, "/hours/%zu/closes", i), "calendar.order",
                     "It closes after it opens; hours past midnight are two entries.");
    }
}

int calendar_put(struct work *w)
{
    const char *unused;

    check_hours(w, in_get(w, "hours"));
    TRY(failed_if_any(w, "calendar.invalid", "The business hours have faults."));
    TRY(flow_lock(w, "business_hours", "shop", &unused));
    TRY(q_calendar_replace(w, in_json(w, "hours"), in_json(w, "holidays")));
    TRY(announce(w, textf(w, "%s.business_hours.changed", w->service->name), "business_hours", "shop"));
    return reply_resource(w, "business-hours", "shop");
}
