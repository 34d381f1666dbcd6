#include "calendar.h"

#include <string.h>
#include <time.h>

#include "calendar_queries.h"
#include "config.h"
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
