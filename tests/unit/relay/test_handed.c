/* What the relay is handed by those who committed. */
#include "handed.h"

#include "relay_queries.h"
#include "test.h"
#include "work.h"

static const struct event_unpublished_row row = {.no = "7",
                                                 .id = "an id",
                                                 .type = "orders.order.placed",
                                                 .aggregate = "order",
                                                 .aggregate_id = "an order",
                                                 .version = "1",
                                                 .at = "now",
                                                 .actor = "ann",
                                                 .trace = "0",
                                                 .data = "{}"};

static size_t take(struct event_unpublished_row rows[HANDED_MAX], struct work *w)
{
    work_begin(w, JOB, "relay");
    return handed_take(w, rows);
}

TEST(handed_to_nobody, "nobody takes events where no relay publishes, and what waited is dropped")
{
    struct event_unpublished_row rows[HANDED_MAX];
    struct work w;

    handed_open(false);
    CHECK(!handed_give(&row));
    handed_open(true);
    CHECK(handed_give(&row));
    handed_open(false);
    CHECK(!handed_any());
    CHECK(take(rows, &w) == 0);
    work_end(&w);
}

TEST(handed_whole, "an event is handed over whole, and once")
{
    struct event_unpublished_row rows[HANDED_MAX];
    char no[] = "8";
    struct event_unpublished_row mine = row;
    struct work w;

    mine.no = no;
    handed_open(true);
    CHECK(handed_give(&row) && handed_give(&mine));
    no[0] = '9'; /* whoever gives it may go on */
    CHECK(handed_any());
    CHECK(take(rows, &w) == 2);
    CHECK_TEXT(rows[0].no, "7");
    CHECK_TEXT(rows[1].no, "8");
    CHECK_TEXT(rows[1].type, "orders.order.placed");
    CHECK_TEXT(rows[1].data, "{}");
    CHECK(!rows[1].private && !rows[1].position);
    CHECK(!handed_any());
    work_end(&w);
    handed_open(false);
}

TEST(handed_so_many, "a relay that does not come by is handed no more than it can take at once")
{
    struct event_unpublished_row rows[HANDED_MAX];
    struct work w;
    int taken = 0;

    handed_open(true);
    for (int i = 0; i < HANDED_MAX + 10; i++)
        taken += handed_give(&row);
    CHECK(taken == HANDED_MAX);
    CHECK(take(rows, &w) == HANDED_MAX);
    work_end(&w);
    handed_open(false);
}
