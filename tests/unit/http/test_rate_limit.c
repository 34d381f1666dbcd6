/* Rate limits by address. */
#include "rate_limit.h"

#include <stdio.h>

#include "test.h"

TEST(guesses_are_limited_and_come_back,
     "an address may fail a hundred times, then once a second; other addresses are not affected")
{
    int64_t now = 1000000;

    for (int i = 0; i < 100; i++) {
        CHECK(rate_limit_allows(BAD_TOKENS, "192.0.2.1", now));
        rate_limit_spend(BAD_TOKENS, "192.0.2.1", now);
    }
    CHECK(!rate_limit_allows(BAD_TOKENS, "192.0.2.1", now));
    CHECK(rate_limit_allows(BAD_TOKENS, "192.0.2.2", now));
    CHECK(rate_limit_allows(BAD_TOKENS, "192.0.2.1", now + 1000));
    rate_limit_spend(BAD_TOKENS, "192.0.2.1", now + 1000);
    CHECK(!rate_limit_allows(BAD_TOKENS, "192.0.2.1", now + 1000));
    CHECK(rate_limit_allows(BAD_TOKENS, "192.0.2.1", now + 200000));
}

TEST(limits_are_not_shared, "ten thousand addresses use up their quota, and the next one has a full quota")
{
    char address[24];

    for (int i = 0; i < 10000; i++) {
        snprintf(address, sizeof address, "10.1.%d.%d", i / 250, i % 250);
        CHECK(rate_limit_allows(WRONG_LINKS, address, 5000000));
        for (int n = 0; n < 20; n++)
            rate_limit_spend(WRONG_LINKS, address, 5000000);
    }
    CHECK(rate_limit_allows(WRONG_LINKS, "192.0.2.77", 5000000));
    CHECK(rate_limit_quota(WRONG_LINKS, "192.0.2.77", 5000000).left == 20);
}

TEST(limits_are_reported, "the remaining quota, when it is full again, and when the next request is allowed")
{
    struct quota a;

    for (int i = 0; i < 120; i++)
        CHECK(rate_limit_take(PUBLIC_CALLS, "192.0.2.9", 7000000));
    CHECK(!rate_limit_take(PUBLIC_CALLS, "192.0.2.9", 7000000));
    a = rate_limit_quota(PUBLIC_CALLS, "192.0.2.9", 7000000);
    CHECK(a.quota == 120 && a.window == 60 && a.left == 0 && a.reset == 60 && a.next == 1);
    a = rate_limit_quota(PUBLIC_CALLS, "192.0.2.9", 7030000);
    CHECK(a.left == 60 && a.reset == 30);
}
