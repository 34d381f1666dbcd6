#include "schedule.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calendar.h"
#include "clock.h"
#include "log.h"
#include "metrics.h"
#include "schedule_queries.h"
#include "thread.h"

enum { POLL_MS = 1000 };

static struct {
    const struct schedule *rows;
    pthread_t thread;
    atomic_bool stopping;
} runner;

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

/* One entry of a list: "*", "5", "8-12", each with "/step". Returns what follows, NULL if it cannot be read. */
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

static _Thread_local const struct schedule *row;

static int run_slot(struct work *w)
{
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

static void *run(void *unused)
{
    (void)unused;
    thread_set_name("schedules");
    while (!atomic_load(&runner.stopping)) {
        for (row = runner.rows; row && row->cron; row++) {
            struct work w;

            work_begin(&w, JOB, row->name);
            if (work_run(&w, run_slot, NULL) != OK)
                log_rarely("schedule.failed", "%s: %s", row->name, w.code);
            work_end(&w);
        }
        for (int i = 0; i < POLL_MS / 50 && !atomic_load(&runner.stopping); i++)
            usleep(50 * 1000);
    }
    return NULL;
}

void schedule_start(const struct schedule *rows)
{
    runner.rows = rows;
    pthread_create(&runner.thread, NULL, run, NULL);
}

void schedule_stop(void)
{
    atomic_store(&runner.stopping, true);
    pthread_join(runner.thread, NULL);
}
