#include "window.h"

#include <stdio.h>
#include <string.h>

#include "field.h"
#include "row.h"

enum { TEN_YEARS = 3660, YEAR = 366 };

static const struct cut cuts[] = {
    {"day", "all", "day", true, false, TEN_YEARS},
    {"hour", "all", "hour", true, false, YEAR},
    {"week", "all", "day", true, false, TEN_YEARS},
    {"month", "all", "day", true, false, TEN_YEARS},
    {"channel", "all", "day", false, false, TEN_YEARS},
    {"country", "country", "day", false, false, TEN_YEARS},
    {"product", "product", "day", false, true, TEN_YEARS},
    {"customer", "customer", "day", false, true, TEN_YEARS},
    {0},
};

const struct cut *cut_named(const char *name)
{
    return row_named(cuts, name);
}

/* Days since 0000-03-01 of the proleptic Gregorian calendar: years that begin in March end with their leap
 * day. */
static int64_t day_number(const char *day)
{
    int y = 0, m = 0, d = 0;

    sscanf(day, "%d-%d-%d", &y, &m, &d);
    y -= m < 3;
    m += m < 3 ? 9 : -3;
    return y * 365LL + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1;
}

int64_t days_between(const char *from, const char *to)
{
    return day_number(to) - day_number(from);
}

static bool is_month(const char *key)
{
    char day[11] = "";

    if (strlen(key) != 7)
        return false;
    snprintf(day, sizeof day, "%s-01", key);
    return field_text_fits(DAY, day);
}

static bool is_week(const char *key)
{
    int year, week, end = 0;

    return sscanf(key, "%4d-W%2d%n", &year, &week, &end) == 2 && strlen(key) == 8 && end == 8 && year > 0 &&
           week > 0 && week <= 53;
}

bool key_fits(const char *cut, const char *key)
{
    if (strcmp(cut, "hour") == 0)
        return field_text_fits(TIME, key);
    if (strcmp(cut, "day") == 0)
        return field_text_fits(DAY, key);
    if (strcmp(cut, "week") == 0)
        return is_week(key);
    if (strcmp(cut, "month") == 0)
        return is_month(key);
    return *key != '\0';
}
