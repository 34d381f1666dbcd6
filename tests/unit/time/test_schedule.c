/* Cron lines, flows, ids and the hash chain. */
#include "flow.h"
#include "hash_chain.h"
#include "random.h"
#include "schedule.h"
#include "test.h"
#include "work.h"

TEST(a_cron_line_names_its_minutes, "a cron line matches its minutes and no others")
{
    CHECK(schedule_matches("0 8,12,16 * * *", 0, 12, 1, 1, 0));
    CHECK(!schedule_matches("0 8,12,16 * * *", 1, 12, 1, 1, 0));
    CHECK(!schedule_matches("0 8,12,16 * * *", 0, 13, 1, 1, 0));
    CHECK(schedule_matches("*/15 9-17 * * 1-5", 45, 17, 3, 6, 5));
    CHECK(!schedule_matches("*/15 9-17 * * 1-5", 45, 17, 3, 6, 6));
    CHECK(schedule_matches("30 2 1 1,7 *", 30, 2, 1, 7, 3));
}

TEST(a_broken_cron_line_never_stands, "an invalid cron line never matches")
{
    static const char *const bad[] = {
        "",           "* * * *",     "* * * * * *",          "a * * * *", "*/0 * * * *",
        "1- * * * *", "1;2 * * * *", "2147483648-99 * * * *"};

    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(!schedule_matches(bad[i], 1, 1, 1, 1, 1));
}

TEST(a_flow_has_a_step_or_not, "a flow has a step for an action in a status, or not")
{
    static const struct step flow[] = {
        {"placed", "confirm", "confirmed", NULL, "e"}, {"placed", "cancel", "cancelled", NULL, "e"}, {0}};

    CHECK_TEXT(flow_find(flow, "placed", "cancel")->to, "cancelled");
    CHECK(!flow_find(flow, "cancelled", "cancel"));
    CHECK(!flow_find(flow, "placed", "ship"));
}

TEST(ids_are_uuid_v7_and_rise, "ids are UUIDv7 and rise with time")
{
    struct arena *a = arena_new();
    const char *first = random_uuid_v7(a), *second;

    CHECK(field_text_fits(UUID, first) && first[14] == '7' && strchr("89ab", first[19]));
    for (int i = 0; i < 1000; i++) {
        second = random_uuid_v7(a);
        CHECK(strcmp(first, second) != 0 && strncmp(first, second, 13) <= 0);
        first = second;
    }
    arena_free(a);
}

TEST(every_column_counts_in_the_hash, "every column of an event counts in its hash")
{
    struct hash_chain_row link = {"id", "type", "aggregate", "1", "2", "at", "actor", "trace", "{}"};
    const char **columns = (const char **)&link, *before;
    struct work w;

    work_begin(&w, JOB, "test");
    before = hash_chain_next(&w, HASH_CHAIN_START, &link);
    CHECK(strlen(before) == 64);
    CHECK(strcmp(before, hash_chain_next(&w, before, &link)) != 0);
    for (size_t i = 0; i < sizeof link / sizeof *columns; i++) {
        const char *kept = columns[i];

        columns[i] = "changed";
        CHECK(strcmp(before, hash_chain_next(&w, HASH_CHAIN_START, &link)) != 0);
        columns[i] = kept;
    }
    work_end(&w);
}
