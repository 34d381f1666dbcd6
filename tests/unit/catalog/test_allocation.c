/* Allocation: greedy in order of arrival, never more than the stock; also compared with a naive model. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "allocation.h"
#include "test.h"

static const char *const skus[] = {"A", "B", "C", "D", "E"};
static const char *const warehouses[] = {"east", "main", "west"};

enum { SKUS = 5, WAREHOUSES = 3, DEMANDS = 40, ROUNDS = 3000 };

TEST(first_come_first_served, "orders are served in order of arrival, the rest gets nothing")
{
    struct cell cells[] = {{"A", "main", 3}};
    struct want two = {"A", 2}, one = {"A", 1};
    struct demand demands[] = {{&two, 1, false}, {&two, 1, false}, {&one, 1, false}, {&one, 1, false}};
    struct grant grants[5];

    CHECK(allocate(cells, 1, demands, 4, grants) == 2);
    CHECK(grants[0].demand == 0 && grants[0].quantity == 2);
    CHECK(grants[1].demand == 2 &&
          grants[1].quantity == 1); /* the second was skipped: stock is never left idle */
    CHECK(cells[0].available == 0);
}

TEST(all_or_nothing, "an order gets all its lines or none, unless it allows partial reservation")
{
    struct cell cells[] = {{"A", "main", 5}, {"B", "main", 1}};
    struct want wants[] = {{"A", 5}, {"B", 2}};
    struct demand demands[] = {{wants, 2, false}, {wants, 2, true}};
    struct grant grants[6];

    CHECK(allocate(cells, 2, demands, 2, grants) == 2);
    CHECK(grants[0].demand == 1 && grants[0].quantity == 5);
    CHECK(grants[1].demand == 1 && grants[1].quantity == 1);
}

TEST(one_warehouse_first,
     "a warehouse that covers the whole order is preferred to a fuller one that does not")
{
    struct cell cells[] = {{"A", "east", 9}, {"A", "west", 2}, {"B", "west", 1}};
    struct want wants[] = {{"A", 2}, {"B", 1}};
    struct demand demand = {wants, 2, false};
    struct grant grants[5];

    CHECK(allocate(cells, 3, &demand, 1, grants) == 2);
    CHECK(grants[0].cell == 1 && grants[1].cell == 2);
}

TEST(split_only_when_it_must, "a line is split over warehouses only when no single one covers it")
{
    struct cell cells[] = {{"A", "east", 2}, {"A", "main", 3}, {"A", "west", 4}};
    struct want four = {"A", 4}, five = {"A", 5};
    struct demand demands[] = {{&four, 1, false}, {&five, 1, false}};
    struct grant grants[5];

    CHECK(allocate(cells, 3, demands, 2, grants) == 3);
    CHECK(grants[0].cell == 2 && grants[0].quantity == 4);
    CHECK(grants[1].cell == 1 && grants[1].quantity == 3);
    CHECK(grants[2].cell == 0 && grants[2].quantity == 2);
}

TEST(nothing_from_nothing, "without stock or demand nothing is granted")
{
    struct want one = {"Z", 1};
    struct demand demands[] = {{&one, 1, true}, {NULL, 0, false}};
    struct grant grants[3];

    CHECK(allocate(NULL, 0, demands, 2, grants) == 0);
    CHECK(allocate(NULL, 0, NULL, 0, grants) == 0);
}

/* --- compared with a naive model -------------------------------------------------------------------- */

struct world {
    struct cell cells[SKUS * WAREHOUSES];
    size_t cell_count;
    struct want wants[DEMANDS][SKUS];
    struct demand demands[DEMANDS];
    struct grant grants[DEMANDS * SKUS + SKUS * WAREHOUSES];
    size_t grant_count;
    int64_t before[SKUS * WAREHOUSES];
    int64_t got[DEMANDS][SKUS]; /* by want */
};

static int at_random(unsigned *seed, int below)
{
    return (int)(rand_r(seed) % (unsigned)below);
}

static void make_world(struct world *x, unsigned *seed)
{
    memset(x, 0, sizeof *x);
    for (int s = 0; s < SKUS; s++) {
        for (int h = 0; h < WAREHOUSES; h++) {
            if (at_random(seed, 4))
                x->cells[x->cell_count++] = (struct cell){skus[s], warehouses[h], at_random(seed, 12)};
        }
    }
    for (size_t i = 0; i < x->cell_count; i++)
        x->before[i] = x->cells[i].available;
    for (int d = 0; d < DEMANDS; d++) {
        struct demand *to = &x->demands[d];

        *to = (struct demand){x->wants[d], 0, at_random(seed, 4) == 0};
        for (int s = 0; s < SKUS; s++) {
            if (at_random(seed, 3) == 0)
                x->wants[d][to->count++] = (struct want){skus[s], 1 + at_random(seed, 6)};
        }
    }
}

static int64_t left_of(const struct world *x, const int64_t *left, const char *sku)
{
    int64_t sum = 0;

    for (size_t i = 0; i < x->cell_count; i++)
        sum += strcmp(x->cells[i].sku, sku) == 0 ? left[i] : 0;
    return sum;
}

/* The quantities depend only on the totals per SKU. */
static void check_amounts(const struct world *x)
{
    int64_t left[SKUS];

    for (int s = 0; s < SKUS; s++)
        left[s] = left_of(x, x->before, skus[s]);
    for (int d = 0; d < DEMANDS; d++) {
        const struct demand *of = &x->demands[d];
        bool fits = true;

        for (size_t i = 0; i < of->count; i++)
            fits = fits && left[of->wants[i].sku[0] - 'A'] >= of->wants[i].missing;
        for (size_t i = 0; i < of->count; i++) {
            int64_t *rest = &left[of->wants[i].sku[0] - 'A'], missing = of->wants[i].missing, should;

            should = fits ? missing : !of->partial ? 0 : *rest < missing ? *rest : missing;
            CHECK(x->got[d][i] == should);
            *rest -= should;
        }
    }
}

static bool has_room(const struct world *x, const int64_t *left, const char *warehouse,
                     const struct want *want)
{
    for (size_t i = 0; i < x->cell_count; i++) {
        if (strcmp(x->cells[i].sku, want->sku) == 0 && strcmp(x->cells[i].warehouse, warehouse) == 0)
            return left[i] >= want->missing;
    }
    return false;
}

/* Whether the grant used the fewest possible warehouses at that moment. */
static void check_places(const struct world *x)
{
    int64_t left[SKUS * WAREHOUSES];
    size_t g = 0;

    memcpy(left, x->before, sizeof left);
    for (int d = 0; d < DEMANDS; d++) {
        const struct demand *of = &x->demands[d];
        bool one = false, line[SKUS] = {false};
        const char *used = NULL;
        size_t grants[SKUS] = {0}, first = g;

        for (int h = 0; h < WAREHOUSES; h++) {
            bool all = of->count > 0;

            for (size_t i = 0; i < of->count; i++) {
                bool room = has_room(x, left, warehouses[h], &of->wants[i]);

                line[i] = line[i] || room;
                all = all && room;
            }
            one = one || all;
        }
        for (; g < x->grant_count && x->grants[g].demand == (size_t)d; g++) {
            left[x->grants[g].cell] -= x->grants[g].quantity;
            grants[x->grants[g].want]++;
            if (!used)
                used = x->cells[x->grants[g].cell].warehouse;
            CHECK(!one || strcmp(used, x->cells[x->grants[g].cell].warehouse) == 0);
        }
        for (size_t i = 0; g > first && i < of->count; i++)
            CHECK(!line[i] || grants[i] <= 1);
    }
    CHECK(g == x->grant_count); /* in order of demand */
}

static void check_conservation(struct world *x)
{
    int64_t given[SKUS * WAREHOUSES] = {0};

    for (size_t g = 0; g < x->grant_count; g++) {
        const struct grant *of = &x->grants[g];

        CHECK(of->quantity > 0);
        CHECK(strcmp(x->cells[of->cell].sku, x->demands[of->demand].wants[of->want].sku) == 0);
        given[of->cell] += of->quantity;
        x->got[of->demand][of->want] += of->quantity;
    }
    for (size_t i = 0; i < x->cell_count; i++)
        CHECK(x->cells[i].available >= 0 && x->cells[i].available + given[i] == x->before[i]);
}

TEST(as_the_naive_model, "on random stock and demand the result equals that of a naive model")
{
    static struct world x;
    unsigned seed = getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10)
                                   : (unsigned)time(NULL) ^ (unsigned)getpid();

    printf("allocation: SEED=%u\n", seed);
    for (int round = 0; round < ROUNDS; round++) {
        make_world(&x, &seed);
        x.grant_count = allocate(x.cells, x.cell_count, x.demands, DEMANDS, x.grants);
        check_conservation(&x);
        check_amounts(&x);
        check_places(&x);
    }
}
