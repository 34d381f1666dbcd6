/* The limit of wrong guesses. */
#include "limit.h"

#include "test.h"

TEST(guesses_are_limited_and_come_back,
     "an address may be wrong a hundred times, then once a second, and others as before")
{
    int64_t now = 1000000;

    for (int i = 0; i < 100; i++) {
        CHECK(limit_allows("192.0.2.1", now));
        limit_spend("192.0.2.1", now);
    }
    CHECK(!limit_allows("192.0.2.1", now));
    CHECK(limit_allows("192.0.2.2", now));
    CHECK(limit_allows("192.0.2.1", now + 1000));
    limit_spend("192.0.2.1", now + 1000);
    CHECK(!limit_allows("192.0.2.1", now + 1000));
    CHECK(limit_allows("192.0.2.1", now + 200000));
}
