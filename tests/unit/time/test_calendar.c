/* Business hours: only open seconds count. */
#include "calendar.h"
#include "test.h"

enum { HOUR = 3600, NEXT_DAY = 86400 };

/* Two days from 9 to 18, with a lunch break on the second. */
static struct span spans[] = {{9 * HOUR, 18 * HOUR},
                              {NEXT_DAY + 9 * HOUR, NEXT_DAY + 12 * HOUR},
                              {NEXT_DAY + 13 * HOUR, NEXT_DAY + 18 * HOUR}};
static const struct calendar week = {0, spans, 3};

TEST(open_time_counts_at_once, "during opening hours, time counts at once")
{
    CHECK(calendar_due(&week, 10 * HOUR, HOUR) == 11 * HOUR);
    CHECK(calendar_due(&week, 9 * HOUR, 9 * HOUR) == 18 * HOUR);
    CHECK(calendar_due(&week, 10 * HOUR, 0) == 10 * HOUR);
}

TEST(closed_time_waits, "outside opening hours, time counts from the next opening")
{
    CHECK(calendar_due(&week, 0, HOUR) == 10 * HOUR);
    CHECK(calendar_due(&week, 18 * HOUR, HOUR) == NEXT_DAY + 10 * HOUR);
    CHECK(calendar_due(&week, 20 * HOUR, 0) == NEXT_DAY + 9 * HOUR);
}

TEST(time_goes_on_over_the_night_and_lunch, "time continues after nights and lunch breaks")
{
    CHECK(calendar_due(&week, 17 * HOUR, 3 * HOUR) == NEXT_DAY + 11 * HOUR);
    CHECK(calendar_due(&week, 17 * HOUR, 5 * HOUR) == NEXT_DAY + 14 * HOUR);
    CHECK(calendar_due(&week, 17 * HOUR, 4 * HOUR) == NEXT_DAY + 12 * HOUR);
}

TEST(overlapping_hours_count_once, "overlapping hours count once")
{
    struct span twice[] = {{9 * HOUR, 12 * HOUR}, {11 * HOUR, 14 * HOUR}, {11 * HOUR, 12 * HOUR}};

    CHECK(calendar_due(&(struct calendar){0, twice, 3}, 0, 5 * HOUR) == 14 * HOUR);
}

TEST(too_few_hours, "with too few hours there is no due time")
{
    CHECK(calendar_due(&week, 17 * HOUR, 10 * HOUR) == -1);
    CHECK(calendar_due(&(struct calendar){0, NULL, 0}, 0, 1) == -1);
}

TEST(times_of_day_are_read_strictly, "times of day are parsed strictly")
{
    CHECK(calendar_minutes("00:00") == 0);
    CHECK(calendar_minutes("09:30") == 570);
    CHECK(calendar_minutes("24:00") == 1440);
    CHECK(calendar_minutes("24:01") == -1);
    CHECK(calendar_minutes("9:30") == -1);
    CHECK(calendar_minutes("09:60") == -1);
    CHECK(calendar_minutes("0930x") == -1);
    CHECK(calendar_minutes("09:3a") == -1);
    CHECK(calendar_minutes("") == -1);
}
