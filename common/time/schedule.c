#include "schedule.h"

#include <ctype.h>

#include "calendar.h"
#include "log.h"
#include "metrics.h"
#include "runner.h"
#include "schedule_queries.h"
#include "transaction.h"

enum { POLL_MS = 1000 };

/* --- cron lines ---------------------------------------------------------------------------------------- */

/* One or two digits: nothing in a cron line has more. */
static const char *read_number(const char *s, int *n)
{
    if (!isdigit((unsigned char)*s))
        return NULL;
    for (*n = 0; isdigit((unsigned char)*s); s++) {
        *n = *n * 10 + *s - '0';
        if (*n > 99)
            return NULL;
    }
    return s;
}

/* One entry of a list: "*", "5", "8-12", each with "/step". Returns what follows, NULL if it cannot be
 * read. */
static const char *entry_matches(const char *s, int value, bool *matches)
{
    int from = 0, to = 99, step = 1;

    if (*s == '*') {
        s++;
    } else {
        s = read_number(s, &from);
        to = from;
        if (s && *s == '-')
            s = read_number(s + 1, &to);
    }
    if (s && *s == '/')
        s = read_number(s + 1, &step);
    if (!s || step < 1)
        return NULL;
    *matches |= value >= from && value <= to && (value - from) % step == 0;
    return s;
}

static const char *field_matches(const char *s, int value, bool *all)
{
    bool any = false;

    for (;;) {
        s = entry_matches(s, value, &any);
        if (!s || (*s && *s != ',' && *s != ' '))
            return NULL;
        if (*s != ',')
            break;
        s++;
    }
    *all &= any;
    while (*s == ' ')
        s++;
    return s;
}

bool schedule_matches(const char *cron, int minute, int hour, int day, int month, int weekday)
{
    const int values[] = {minute, hour, day, month, weekday};
    bool all = true;

    for (size_t i = 0; i < COUNT(values); i++) {
        cron = field_matches(cron, values[i], &all);
        if (!cron)
            return false;
    }
    return all && !*cron;
}

/* --- running them -------------------------------------------------------------------------------------- */

/* The context is a schedule: run it if this minute is a slot of it that no other instance has taken. */
static int run_slot(struct work *w)
{
    const struct schedule *row = w->context;
    struct schedule_now_row now;
    int64_t taken;

    TRY(q_schedule_now(w, calendar_zone(), &now));
    if (!schedule_matches(row->cron, (int)now.minute, (int)now.hour, (int)now.day, (int)now.month,
                          (int)now.weekday))
        return OK;
    TRY(q_schedule_take(w, row->name, now.slot, &taken));
    if (!taken)
        return OK;
    metrics_add(SCHEDULES_RUN, 1);
    return row->handler(w);
}

static void run_row(const struct schedule *row)
{
    struct work w;

    work_begin(&w, JOB, row->name);
    w.context = (void *)(uintptr_t)row;
    if (work_run(&w, run_slot, NULL) != OK)
        log_rarely("schedule.failed", "%s: %s", row->name, w.code);
    work_end(&w);
}

static void run(struct runner *r)
{
    while (!runner_stopping(r)) {
        for (const struct schedule *row = r->context; row && row->cron; row++)
            run_row(row);
        runner_sleep(r, POLL_MS);
    }
}

void schedule_start(const struct schedule *rows)
{
    static struct runner runner = {.name = "schedules", .run = run};

    runner.context = (void *)(uintptr_t)rows;
    runner_start(&runner);
}
