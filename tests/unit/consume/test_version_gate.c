/* The version gate: which events are the next of their aggregates, in any order of arrival. */
#include "test.h"
#include "version_gate.h"

enum { MOST = 8 };

/* The decisions on events of one aggregate in this order, its cursor at `last`: a(pply), s(kip), g(ap). */
static const char *verdicts(int64_t last, const int *versions, size_t n)
{
    static char letters[MOST + 1];
    struct incoming_event events[MOST];

    for (size_t i = 0; i < n; i++)
        events[i] = (struct incoming_event){NULL, "order", "one", versions[i], i, last, false, UNKNOWN};
    version_gate_sort(events, n);
    version_gate_decide(events, n);
    for (size_t i = 0; i < n; i++)
        letters[i] = "?asg"[events[i].verdict];
    letters[n] = '\0';
    return letters;
}

#define VERDICTS(last, ...) verdicts(last, (const int[]){__VA_ARGS__}, COUNT(((const int[]){__VA_ARGS__})))
#define COUNT(array)        (sizeof(array) / sizeof(array)[0])

TEST(the_next_is_applied_and_the_old_skipped,
     "the next version is applied and old ones are skipped, in any order")
{
    CHECK_TEXT(VERDICTS(0, 1), "a");
    CHECK_TEXT(VERDICTS(3, 3, 1, 2), "sss");
    CHECK_TEXT(VERDICTS(2, 5, 3, 4, 1), "saaa");
}

TEST(after_a_gap_they_wait, "an event after a gap waits")
{
    CHECK_TEXT(VERDICTS(0, 2), "g");
    CHECK_TEXT(VERDICTS(1, 2, 4, 5), "agg");
    CHECK_TEXT(VERDICTS(1, 6, 2, 4), "agg");
}

TEST(a_second_copy_is_skipped_beside_the_first, "a second copy is skipped beside the first")
{
    CHECK_TEXT(VERDICTS(0, 1, 1, 2), "asa");
}

/* An event without an ack is redelivered after ten seconds: both copies may be in one batch. */
TEST(of_two_copies_that_wait_none_is_done,
     "of a duplicate message that has to wait no copy counts as applied")
{
    CHECK_TEXT(VERDICTS(0, 2, 2, 3, 2), "gggg");
    CHECK_TEXT(VERDICTS(0, 2, 2, 3, 2, 1), "aassa");
}

/* Two aggregates, shuffled: the events of each are sorted within their own positions. */
TEST(they_line_up_by_version_in_their_own_places,
     "events of an aggregate are sorted by version within their positions")
{
    struct incoming_event events[] = {
        {NULL, "order", "b", 2, 0, 0, false, UNKNOWN}, {NULL, "order", "a", 3, 1, 1, false, UNKNOWN},
        {NULL, "order", "b", 1, 2, 0, false, UNKNOWN}, {NULL, "order", "a", 2, 3, 1, false, UNKNOWN},
        {NULL, "item", "b", 1, 4, 0, false, UNKNOWN},
    };
    const struct incoming_event *line[COUNT(events)];

    version_gate_sort(events, COUNT(events));
    version_gate_decide(events, COUNT(events));
    for (size_t i = 0; i < COUNT(events); i++) {
        CHECK(events[i].verdict == APPLY);
        line[events[i].place] = &events[i];
    }
    CHECK(line[0]->version == 1 && line[2]->version == 2 && *line[0]->id == 'b' && *line[2]->id == 'b');
    CHECK(line[1]->version == 2 && line[3]->version == 3 && *line[1]->id == 'a' && *line[3]->id == 'a');
    CHECK_TEXT(line[4]->aggregate, "item");
}

TEST(a_new_aggregate_up_to_the_first_gap, "a new aggregate is applied up to the first gap")
{
    struct incoming_event events[] = {
        {NULL, "order", "a", 2, 0, 0, false, UNKNOWN}, {NULL, "order", "a", 1, 1, 0, false, UNKNOWN},
        {NULL, "order", "a", 2, 2, 0, false, UNKNOWN}, {NULL, "order", "a", 4, 3, 0, false, UNKNOWN},
        {NULL, "order", "b", 3, 4, 0, false, UNKNOWN},
    };

    version_gate_sort(events, COUNT(events));
    CHECK(version_gate_leads_to(events, COUNT(events)) == 2);
    CHECK(version_gate_leads_to(events + 4, 1) == 0);
}

/* By version, of events of one aggregate with its cursor at `last`; the one with `version` begins a replay. */
static const char *replayed(int64_t last, int64_t version, const int *versions, size_t n)
{
    static char letters[MOST + 1];
    struct incoming_event events[MOST];

    for (size_t i = 0; i < n; i++)
        events[i] = (struct incoming_event){NULL, "order", "one",   versions[i],           i,
                                            last, false,   UNKNOWN, versions[i] == version};
    version_gate_sort(events, n);
    CHECK(version_gate_opens(&events[0]));
    CHECK(version_gate_leads_to(events, n) >= version);
    version_gate_decide(events, n);
    for (size_t i = 0; i < n; i++)
        letters[i] = "?asg"[events[i].verdict];
    letters[n] = '\0';
    return letters;
}

TEST(a_replay_applies_again_from_its_first_event_on,
     "a replay applies again from its first event on, whatever was applied")
{
    CHECK_TEXT(replayed(9, 1, (const int[]){1, 2, 3}, 3), "aaa");
    CHECK_TEXT(replayed(9, 4, (const int[]){4, 5, 6}, 3), "aaa");
    CHECK_TEXT(replayed(0, 4, (const int[]){4, 5, 7}, 3), "aag");
}
