/* Scheduled jobs (cron lines), each run once per slot over all instances. */
#ifndef BACKROOM_SCHEDULE_H
#define BACKROOM_SCHEDULE_H

#include <stdbool.h>

struct work;

struct schedule {
    const char
        *cron; /* minute hour day month weekday, in the shop's time zone: numbers, lists, ranges, steps, * */
    const char *name;
    int (*handler)(struct work *w);
};

/* Does a cron line name this minute? weekday 0 is Sunday. One that cannot be read names none. */
bool schedule_matches(const char *cron, int minute, int hour, int day, int month, int weekday);

void schedule_start(const struct schedule *rows);

#endif
