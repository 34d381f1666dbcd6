/* When those who commit wait for others, and when for nobody. */
#include "arrivals.h"

#include "test.h"

/* So many come, every `apart` milliseconds, from so many connections in turn. What is said of the last one. */
static bool after(struct arrivals *a, int times, int callers, int64_t apart)
{
    static int64_t now = 1000000;
    bool quick = false;

    for (int i = 0; i < times; i++)
        quick = arrivals_note(a, (unsigned)(40000 + i % callers), now += apart);
    return quick;
}

TEST(arrivals_quick, "three callers within ten milliseconds are a succession, from the third on")
{
    struct arrivals a = {0};

    CHECK(!after(&a, 2, 16, 2));
    CHECK(after(&a, 1, 1, 2) == false); /* the first of them again */
    a = (struct arrivals){0};
    CHECK(after(&a, 3, 16, 2));
    CHECK(after(&a, 100, 16, 2));
}

TEST(arrivals_few_callers, "who comes again at once is not waited for by himself, nor by one other")
{
    for (int callers = 1; callers < SUCCESSION; callers++) {
        struct arrivals a = {0};

        CHECK(!after(&a, 1000, callers, 1));
    }
}

TEST(arrivals_slow, "where few come in ten milliseconds nobody waits, however many callers there are")
{
    struct arrivals a = {0};

    CHECK(!after(&a, 1000, 256, 5));
    CHECK(!after(&a, 1000, 3, 5));
    CHECK(after(&a, 10, 256, 4));
    CHECK(!after(&a, 1, 256, SUCCESSION_MS)); /* and it ends with a pause */
}

TEST(arrivals_reused, "a few connections that come again and again in another order are as good as many")
{
    static const unsigned from[] = {1, 2, 1, 3, 1, 2, 1, 3, 2, 1, 3};
    struct arrivals a = {0};
    bool quick = false;

    for (int i = 0; i < (int)(sizeof from / sizeof from[0]); i++)
        quick = arrivals_note(&a, from[i], 5000 + 3 * i);
    CHECK(quick);
}
