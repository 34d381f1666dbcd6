/* Support's rules: priorities, customer levels, survey scores. */
#include "customer.h"
#include "survey.h"
#include "test.h"
#include "ticket.h"

TEST(a_priority_asked_for_is_kept, "a requested priority is kept; otherwise the channel decides")
{
    CHECK_TEXT(ticket_priority("low", "complaint"), "low");
    CHECK_TEXT(ticket_priority(NULL, "complaint"), "high");
    CHECK_TEXT(ticket_priority(NULL, "survey"), "high");
    CHECK_TEXT(ticket_priority(NULL, "chat"), "normal");
}

TEST(complaints_and_urgent_tickets_are_for_the_head, "complaints and urgent tickets are escalated at once")
{
    CHECK(ticket_is_for_head("complaint", "low"));
    CHECK(ticket_is_for_head("mail", "urgent"));
    CHECK(!ticket_is_for_head("mail", "high"));
    CHECK(!ticket_is_for_head("survey", "high"));
}

TEST(a_vip_waits_half_as_long, "a VIP waits half as long, and at least one second")
{
    CHECK(ticket_first_answer_seconds(3600, "vip") == 1800);
    CHECK(ticket_first_answer_seconds(3600, "repeat") == 3600);
    CHECK(ticket_first_answer_seconds(1, "vip") == 1);
    CHECK(ticket_first_answer_seconds(0, "new") == 1);
}

TEST(levels_rise_by_orders_or_by_money, "levels are reached by orders or by money, whichever comes first")
{
    const struct level_rule rule = {10, 100000};

    CHECK_TEXT(customer_level(0, 0, &rule), "new");
    CHECK_TEXT(customer_level(1, 99999, &rule), "new");
    CHECK_TEXT(customer_level(2, 0, &rule), "repeat");
    CHECK_TEXT(customer_level(1, 100000, &rule), "vip");
    CHECK_TEXT(customer_level(10, 0, &rule), "vip");
}

TEST(scores_of_one_and_two_are_bad, "scores of one and two are bad")
{
    CHECK(survey_is_bad(1) && survey_is_bad(2));
    CHECK(!survey_is_bad(3) && !survey_is_bad(5));
}
