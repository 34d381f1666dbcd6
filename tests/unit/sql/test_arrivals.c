/* When those who commit wait for others, and when for nobody. */
#include "arrivals.h"

#include "test.h"

/* So many come, every `apart` milliseconds, from so many connections in turn. What is said of the last one. */
static int after(struct arrivals *a, int times, int callers, int64_t apart)
{
    static int64_t now = 1000000;
    int gathered = 0;

    for (int i = 0; i < times; i++)
        gathered = arrivals_note(a, (unsigned)(40000 + i % callers), now += apart);
    return gathered;
}

TEST(arrivals_quick, "three callers within ten milliseconds are a succession, from the third on")
{
    struct arrivals a = {0};

    CHECK(!after(&a, 2, 16, 2));
    CHECK(!after(&a, 1, 1, 2)); /* the first of them again */
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
    int gathered = 0;

    for (int i = 0; i < (int)(sizeof from / sizeof from[0]); i++)
        gathered = arrivals_note(&a, from[i], 5000 + 3 * i);
    CHECK(gathered == SUCCESSION);
}

TEST(arrivals_company, "as many are gathered as come in seven milliseconds, from three to five")
{
    static const struct {
        int64_t apart;
        int gathered;
    } rates[] = {{5, 0},          {4, SUCCESSION},   {3, SUCCESSION},
                 {2, SUCCESSION}, {1, COMPANY_MOST}, {0, COMPANY_MOST}};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct arrivals a = {0};

        CHECK(after(&a, 100, 16, rates[i].apart) == rates[i].gathered);
    }
}

TEST(arrivals_all_callers, "of four or more callers one is not waited for")
{
    static const int gathered[] = {[3] = 3, [4] = 3, [5] = 4, [6] = 5, [7] = 5};

    for (int callers = 3; callers <= 7; callers++) {
        struct arrivals a = {0};

        CHECK(after(&a, 100, callers, 1) == gathered[callers]);
    }
}
