/* Delivered events: malformed ones are detected. */
#include "envelope.h"

#include "test.h"
#include "work.h"

#define EVENT(version)                                                                                       \
    "{\"specversion\":\"1.0\",\"id\":\"01900000-0000-7000-8000-000000000000\",\"type\":\"t\","               \
    "\"subject\":\"x\",\"time\":\"2010-12-01T08:26:00Z\",\"aggregate\":\"order\","                           \
    "\"aggregateversion\":" version ",\"data\":{}}"

static bool is_ours(const char *text)
{
    const char *why = NULL;
    struct work w;
    bool good;

    work_begin(&w, DELIVERY, "test");
    good = envelope_read(&w, text, strlen(text), 0, &why) != NULL;
    work_end(&w);
    return good;
}

TEST(a_version_fits_where_it_is_kept, "an event's version is a number that fits its column")
{
    CHECK(is_ours(EVENT("1")));
    CHECK(is_ours(EVENT("2147483647")));
    CHECK(!is_ours(EVENT("2147483648")));
    CHECK(!is_ours(EVENT("0")));
    CHECK(!is_ours(EVENT("-1")));
    CHECK(!is_ours(EVENT("1.5")));
}
