/* Windows and keys of figures. */
#include "test.h"
#include "window.h"

TEST(days_are_counted_over_leap_years, "the days between two dates are counted across months and leap years")
{
    CHECK(days_between("2010-12-01", "2010-12-02") == 1);
    CHECK(days_between("2010-12-02", "2010-12-01") == -1);
    CHECK(days_between("2012-02-28", "2012-03-01") == 2);
    CHECK(days_between("2011-02-28", "2011-03-01") == 1);
    CHECK(days_between("1900-02-28", "1900-03-01") == 1);
    CHECK(days_between("2000-01-01", "2010-01-01") == 3653);
    CHECK(days_between("2010-12-31", "2011-01-01") == 1);
}

TEST(keys_are_checked_by_their_cut, "a key must fit its grouping")
{
    CHECK(key_fits("day", "2012-02-29"));
    CHECK(!key_fits("day", "2011-02-29"));
    CHECK(key_fits("month", "2011-12"));
    CHECK(!key_fits("month", "2011-13"));
    CHECK(!key_fits("month", "2011-1"));
    CHECK(key_fits("week", "2010-W48"));
    CHECK(!key_fits("week", "2010-W54"));
    CHECK(!key_fits("week", "2010-W4"));
    CHECK(!key_fits("week", "2010-W48x"));
    CHECK(key_fits("hour", "2010-10-31T01:00:00+01:00"));
    CHECK(!key_fits("hour", "2010-10-31 01:00"));
    CHECK(key_fits("country", "GB"));
    CHECK(!key_fits("product", ""));
}

TEST(only_known_cuts_are_found,
     "only products and customers are read from monthly sums; periods of time are not keys")
{
    CHECK(cut_named("product")->months);
    CHECK(!cut_named("day")->months);
    CHECK(cut_named("week")->over_time && !cut_named("channel")->over_time);
    CHECK(!cut_named("mood"));
}
