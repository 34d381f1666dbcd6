"""Tickets: opened, assigned, answered in time, handed over, solved; escalation; business hours."""
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest

from stack.client import eventually

SHOP = {"services": ("support",), "env": {"FIRST_ANSWER_SECONDS_LOW": "2", "FIRST_ANSWER_SECONDS_URGENT": "2",
                                         "HAND_OVER_SECONDS": "2"}}

ALWAYS = {"hours": [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]}
OFFICE = {"hours": [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 6)]}
# Neither today nor tomorrow: no deadline is due unless a test wants it.
CLOSED = {"hours": [{"weekday": (datetime.now(timezone.utc) + timedelta(3)).isoweekday(), "opens": "09:00", "closes": "18:00"}]}


@pytest.fixture(scope="module")
def sue(shop, sol):
    return shop.support.as_("agent", "sue")


@pytest.fixture(scope="module")
def sol(shop):
    head = shop.support.as_("support_lead", "sol")
    head.put("/v1/business-hours", CLOSED).expect(200)
    return head


@pytest.fixture
def open_always(sol):
    sol.put("/v1/business-hours", ALWAYS).expect(200)
    yield
    sol.put("/v1/business-hours", CLOSED).expect(200)


def opened(client, subject="A spoon is missing", body="There were five in the box.", **more):
    return client.post("/v1/tickets", {"subject": subject, "body": body, "channel": "email", **more}).expect(201)


def link(ticket):
    return f"/v1/tickets/{ticket['id']}"


def words(client, ticket):
    return [(each["kind"], each["author"], each["body"])
            for each in client.get(f"{link(ticket)}/messages", params={"sort": "created_at"}).expect(200)["data"]]


def work(client, ticket):
    """The kind of the ticket's entry on this user's work list."""
    return [(each["role"], each["why"]) for each in client.get("/v1/work").expect(200)["data"] if each["id"] == ticket["id"]]


def steps(client, ticket):
    return [each["type"].removeprefix("support.ticket.") for each in client.get(link(ticket) + "/timeline").json["data"]]


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# --- life cycle ------------------------------------------------------------------------------------------------

def test_a_ticket_is_opened_assigned_answered_and_solved(shop, sue, sol):
    person = shop.person()["customer"]
    ticket = opened(sue, customer=person, channel="phone")
    assert (ticket["status"], ticket["version"], ticket["owner"], ticket["priority"]) == ("new", 1, None, "normal")
    assert ticket["number"].startswith("T") and ticket["customer"] == person and ticket["customer_level"] == "new"
    assert ticket["allowed_actions"] == ["take", "answer", "customer-messages", "hand-over", "solve"]
    assert sol.post(link(ticket) + "/assign", {"agent": "sue"}).expect(200)["owner"] == "sue"
    answered = sue.post(link(ticket) + "/answer", {"body": "One is on its way."}).expect(200)
    assert answered["status"] == "answered" and answered["first_answered_at"] and not answered["breached"]
    solved = sue.post(link(ticket) + "/solve", {"resolution": "sent another"}).expect(200)
    assert (solved["status"], solved["solved_by"], solved["resolution"]) == ("solved", "sue", "sent another")
    assert steps(sue, ticket) == ["opened", "assigned", "answered", "solved"]
    assert words(sue, ticket) == [("customer", "customer", "There were five in the box."),
                                  ("answer", "sue", "One is on its way."), ("resolution", "sue", "sent another")]


def test_the_agent_who_answers_or_takes_a_new_ticket_owns_it_and_others_may_help(shop, sue):
    assert sue.post(link(opened(sue)) + "/take", {}).expect(200)["owner"] == "sue"
    ticket = opened(sue)
    assert sue.post(link(ticket) + "/answer", {"body": "Hello."}).expect(200)["owner"] == "sue"
    tom = shop.support.as_("agent", "tom")
    helped = tom.post(link(ticket) + "/answer", {"body": "Hello again."}).expect(200)
    assert helped["owner"] == "sue" and words(sue, ticket)[-1] == ("answer", "tom", "Hello again.")


def test_of_twenty_agents_who_take_a_ticket_at_once_one_gets_it(shop, sue):
    ticket = opened(sue)

    def take(n):
        while True:
            got = shop.support.as_("agent", f"agent-{n}").post(link(ticket) + "/take", {})
            if got.status != 503:
                return got.status
    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(take, range(20))) == [200] + [409] * 19
    assert steps(sue, ticket) == ["opened", "assigned"]


def test_an_answer_and_a_breach_at_the_same_moment_leave_one_result(sue, sol, open_always):
    """Whichever comes first: a ticket answered in time is not breached, and no request hangs."""
    tickets = [opened(sue, priority="urgent") for _ in range(16)]
    due = max(when(ticket["first_answer_by"]) for ticket in tickets)

    def reply(ticket):
        time.sleep(max(0, (when(ticket["first_answer_by"]) - datetime.now(timezone.utc)).total_seconds()))
        return sue.post(link(ticket) + "/answer", {"body": "Just."}).status
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(reply, tickets)) <= {200, 503}
    eventually(lambda: datetime.now(timezone.utc) > due + timedelta(seconds=1), 10)
    for ticket in tickets:
        seen, response = sue.get(link(ticket)).json, steps(sue, ticket)
        assert seen["breached"] == ("breached" in response)
        if "answered" in response and "breached" in response:
            assert response.index("breached") < response.index("answered")


def test_an_internal_answer_is_a_note_and_does_not_meet_the_deadline(sue):
    ticket = opened(sue)
    noted = sue.post(link(ticket) + "/answer", {"body": "Ask the warehouse.", "internal": True}).expect(200)
    assert noted["status"] == "new" and noted["first_answered_at"] is None
    last = sue.get(f"{link(ticket)}/messages").json["data"][0]
    assert last["internal"] and last["kind"] == "note"


def test_a_customer_message_reopens_the_ticket_even_after_it_was_closed(sue):
    ticket = opened(sue)
    sue.post(link(ticket) + "/answer", {"body": "Which one?"})
    assert sue.post(link(ticket) + "/customer-messages", {"body": "The blue one."}).expect(200)["status"] == "assigned"
    sue.post(link(ticket) + "/solve", {"resolution": "sent"})
    again = sue.post(link(ticket) + "/customer-messages", {"body": "It broke."}).expect(200)
    assert (again["status"], again["owner"], again["reopened"], again["solved_at"]) == ("assigned", "sue", 1, None)
    sue.post(link(ticket) + "/solve", {"resolution": "sent again"})
    assert sue.post(link(ticket) + "/reopen", {"reason": "wrong colour"}).expect(200)["reopened"] == 2
    assert steps(sue, ticket)[-2:] == ["solved", "reopened"]


def test_a_handed_over_ticket_keeps_its_owner_until_it_is_accepted_with_its_history(shop, sue):
    wanda = shop.support.as_("warehouse_lead", "wanda")
    ticket = opened(sue)
    sue.post(link(ticket) + "/take", {})
    waiting = sue.post(link(ticket) + "/hand-over", {"department": "warehouse", "reason": "count the spoons"}).expect(200)
    assert (waiting["status"], waiting["owner"], waiting["hand_over"]["to"]) == ("waiting", "sue", "warehouse")
    assert work(wanda, ticket) == [("warehouse_lead", "hand_over")]
    assert wanda.post(link(ticket) + "/decline", {"reason": "not ours"}).expect(200)["owner"] == "sue"
    assert (work(sue, ticket), work(wanda, ticket)) == ([("agent", "answer")], [])
    sue.post(link(ticket) + "/hand-over", {"department": "warehouse", "reason": "it is yours"}).expect(200)
    taken = wanda.post(link(ticket) + "/accept", {}).expect(200)
    assert (taken["status"], taken["owner"], taken["department"], taken["hand_over"]) == (
        "assigned", "wanda", "warehouse", None)
    assert [body for *_, body in words(wanda, ticket)] == [
        "There were five in the box.", "count the spoons", "not ours", "it is yours"]
    back = wanda.post(link(ticket) + "/hand-over", {"department": "support", "reason": "six were there"}).expect(200)
    assert back["owner"] == "wanda"
    assert sue.post(link(ticket) + "/accept", {}).expect(200)["owner"] == "sue"
    assert steps(sue, ticket)[1:] == ["assigned", "handed_over", "declined", "handed_over", "accepted", "handed_over",
                                      "accepted"]


def test_a_hand_over_that_is_not_accepted_is_escalated(sue, sol, open_always):
    stuck, declined = opened(sue), opened(sue)
    for ticket in (stuck, declined):
        sue.post(link(ticket) + "/hand-over", {"department": "finance", "reason": "a refund"}).expect(200)
    sue.post(link(declined) + "/decline", {"reason": "mine after all"}).expect(200)
    assert eventually(lambda: work(sol, stuck), 8) == [("support_lead", "hand_over_late")]
    seen = sue.get(link(stuck)).json
    assert seen["hand_over"]["late"] and seen["owner"] == "sue" and steps(sue, stuck)[-1] == "hand_over_late"
    assert steps(sue, declined)[-1] == "declined"


def test_a_hand_over_can_be_withdrawn_by_its_sender(sue):
    ticket = opened(sue)
    sue.post(link(ticket) + "/hand-over", {"department": "finance", "reason": "a refund"}).expect(200)
    assert sue.post(link(ticket) + "/decline", {"reason": "found it myself"}).expect(200)["status"] == "assigned"


# --- errors --------------------------------------------------------------------------------------------------------------

def test_all_errors_of_a_ticket_are_reported_at_once(sue):
    no = sue.post("/v1/tickets", {"subject": "", "channel": "owl", "priority": "now", "order_id": "5", "mood": 1,
                                  "customer": {"ref": "a b", "age": 3}})
    assert no.status == 422 and no.pointers == sorted([
        "/subject", "/body", "/channel", "/priority", "/order_id", "/mood", "/customer/ref", "/customer/age"])


@pytest.mark.parametrize("action,body", [
    ("answer", {}), ("hand-over", {"department": "kitchen", "reason": "x"}), ("hand-over", {"department": "orders"}),
    ("solve", {}), ("decline", {}), ("reopen", {}), ("customer-messages", {}), ("take", {"agent": "x"})])
def test_an_action_needs_all_its_fields(sue, action, body):
    assert sue.post(f"{link(opened(sue))}/{action}", body).status == 422


@pytest.mark.parametrize("before,action,body", [
    ([], "accept", {}), ([], "decline", {"reason": "x"}), ([], "reopen", {"reason": "x"}),
    (["solve"], "answer", {"body": "x"}), (["solve"], "take", {}), (["solve"], "solve", {"resolution": "x"}),
    (["solve"], "hand-over", {"department": "orders", "reason": "x"}), (["hand-over"], "solve", {"resolution": "x"}),
    (["hand-over"], "take", {}), (["hand-over"], "hand-over", {"department": "finance", "reason": "x"})])
def test_an_action_that_is_not_allowed_is_refused_with_the_allowed_ones(sue, before, action, body):
    bodies = {"solve": {"resolution": "done"}, "hand-over": {"department": "orders", "reason": "look"}}
    ticket = opened(sue)
    for each in before:
        sue.post(f"{link(ticket)}/{each}", bodies[each]).expect(200)
    no = sue.post(f"{link(ticket)}/{action}", body)
    assert no.status == 409 and no.code == "ticket.invalid_transition" and "Allowed" in no.json["detail"]


def test_only_the_receiving_department_accepts_or_declines(shop, sue):
    ticket = opened(sue)
    sue.post(link(ticket) + "/hand-over", {"department": "warehouse", "reason": "look"}).expect(200)
    carl = shop.support.as_("clerk", "carl")
    assert carl.post(link(ticket) + "/accept", {}).code == "ticket.other_department"
    assert carl.post(link(ticket) + "/decline", {"reason": "x"}).code == "ticket.other_department"
    assert sue.post(link(ticket) + "/accept", {}).status == 403


def test_a_ticket_is_not_handed_over_to_its_own_department(sue):
    ticket = opened(sue)
    no = sue.post(link(ticket) + "/hand-over", {"department": "support", "reason": "x"})
    assert no.status == 409 and no.code == "ticket.same_department"
    assert sue.get(link(ticket)).json["status"] == "new"


def test_only_the_support_lead_assigns(shop, sue):
    no = sue.post(f"{link(opened(sue))}/assign", {"agent": "sue"})
    assert no.status == 403 and no.code == "auth.scope"


def test_an_unknown_ticket_is_not_found(shop, sue):
    for path in (f"/v1/tickets/{uuid4()}", "/v1/tickets/5"):
        assert sue.get(path).status == 404 and sue.post(path + "/take", {}).status == 404


def test_of_two_concurrent_solutions_one_is_refused_by_version(sue):
    ticket = opened(sue)
    etag = sue.get(link(ticket)).headers["ETag"]
    sue.post(link(ticket) + "/take", {}, headers={"If-Match": etag}).expect(200)
    no = sue.post(link(ticket) + "/solve", {"resolution": "x"}, headers={"If-Match": etag})
    assert no.status == 412 and no.code == "version.conflict"


# --- visibility ---------------------------------------------------------------------------------------------------------

def test_free_text_is_in_no_public_event_and_masked_for_roles_that_do_not_need_it(shop, sue):
    person = shop.person()["customer"]
    secret = shop.canary("Canary at the garden gate")
    ticket = opened(sue, subject=secret, body=secret, customer=person)
    sue.post(link(ticket) + "/answer", {"body": secret})
    sue.post(link(ticket) + "/hand-over", {"department": "orders", "reason": secret})
    sue.post(link(ticket) + "/decline", {"reason": secret})
    sue.post(link(ticket) + "/solve", {"resolution": secret})
    shop.settle()
    feed = shop.support.get("/v1/events", params={"limit": 1000}).text
    assert ticket["id"] in feed
    shop.no_canary(feed, "the feed")
    shop.no_canary(sue.get(link(ticket) + "/timeline").text, "the timeline")
    shop.no_canary(shop.support.get("/v1/work").text, "the work list")
    for row in shop.sql("support", "select private::text from event where aggregate = 'ticket'"):
        assert row["private"] is None
    nosy = shop.support.as_("analyst", "ava")
    assert nosy.get(link(ticket)).status == 403 and nosy.get("/v1/messages").status == 403


def test_roles_without_the_scope_cannot_read_tickets(shop):
    for role in ("picker", "stockkeeper", "storefront", "customer", "carrier"):
        assert shop.support.as_(role, "x").get("/v1/tickets").status == 403
        assert shop.support.as_(role, "x").post("/v1/tickets", {"subject": "a", "body": "b"}).status == 403
    assert shop.support.get("/v1/tickets", token="").status == 401


# --- lists -------------------------------------------------------------------------------------------------------------------

def test_tickets_are_found_by_their_filters(sue, sol):
    order = str(uuid4())
    one, two = opened(sue, order_id=order), opened(sue, order_id=order, priority="high")
    sol.post(link(two) + "/assign", {"agent": "tom"})

    def found(**params):
        return {each["id"] for each in sue.get("/v1/tickets", params={"order_id": order, **params}).expect(200)["data"]}
    assert found() == {one["id"], two["id"]}
    assert found(status="new") == {one["id"]} and found(priority="high") == {two["id"]} and found(owner="tom") == {two["id"]}
    assert found(number=one["number"]) == {one["id"]} and found(breached="true") == set()
    assert sue.get("/v1/tickets", params={"mood": "x"}).status == 400


# --- escalation, deadlines, business hours -----------------------------------------------------------------------------------------

def test_complaints_and_urgent_tickets_are_escalated_at_once(sue, sol):
    complaint, urgent, plain = opened(sue, channel="complaint"), opened(sue, priority="urgent"), opened(sue)
    assert complaint["priority"] == "high" and complaint["escalated"] and urgent["escalated"]
    sol.post(link(complaint) + "/assign", {"agent": "sue"})
    assert work(sol, complaint) == [("support_lead", "escalated")] and work(sol, plain) == [("support_lead", "unassigned")]
    assert work(sue, complaint) == [("agent", "answer")] and work(sue, plain) == []
    sue.post(link(complaint) + "/solve", {"resolution": "sorry"})
    assert work(sol, complaint) == [] == work(sue, complaint)


def test_an_unanswered_ticket_is_reminded_breached_and_escalated(sue, sol, open_always):
    late, met = opened(sue, priority="low"), opened(sue, priority="low")
    for each in (late, met):
        sol.post(link(each) + "/assign", {"agent": "sue"})
    sue.post(link(met) + "/answer", {"body": "Here."})
    assert work(sol, late) == []
    breached = eventually(lambda: (lambda t: t["breached"] and t)(sue.get(link(late)).json), 8)
    assert steps(sue, late) == ["opened", "assigned", "reminded", "breached"] and breached["breached_at"]
    assert work(sol, late) == [("support_lead", "breached")]
    sue.post(link(late) + "/answer", {"body": "Sorry."})
    assert work(sol, late) == []
    assert steps(sue, met) == ["opened", "assigned", "answered"] and not sue.get(link(met)).json["breached"]


def test_a_solved_ticket_breaches_nothing(sue, sol, open_always):
    ticket, other = opened(sue, priority="low"), opened(sue, priority="low")
    sue.post(link(ticket) + "/solve", {"resolution": "spam"})
    eventually(lambda: sue.get(link(other)).json["breached"], 8)
    assert steps(sue, ticket) == ["opened", "solved"]


def test_the_first_answer_is_due_within_business_hours_without_holidays(sue, sol):
    def due(priority="normal"):
        return when(opened(sue, priority=priority)["first_answer_by"])
    sol.put("/v1/business-hours", ALWAYS).expect(200)
    now = datetime.now(timezone.utc)
    assert timedelta(hours=8, minutes=59) < due() - now < timedelta(hours=9, minutes=1)
    today = now.date()
    holidays = [{"day": str(today + timedelta(days)), "name": "closed"} for days in range(-1, 3)]
    sol.put("/v1/business-hours", {**ALWAYS, "holidays": holidays}).expect(200)
    assert due().date() >= today + timedelta(3)
    one_hour = {"hours": [{"weekday": day, "opens": "10:00", "closes": "11:00"} for day in range(1, 8)]}
    sol.put("/v1/business-hours", one_hour).expect(200)
    assert timedelta(days=8) < due() - now < timedelta(days=10)
    sol.put("/v1/business-hours", OFFICE).expect(200)
    assert due().weekday() < 5
    sol.put("/v1/business-hours", CLOSED).expect(200)


def test_business_hours_keep_their_local_time_across_daylight_saving_time(shop):
    """The opening times come from PostgreSQL: nine in London differs between July and January in UTC."""
    spans = """select extract(epoch from (timestamp '%s' + time '09:00') at time zone 'Europe/London')::bigint as at"""
    winter, summer = (shop.value("support", spans % day) for day in ("2027-03-27", "2027-03-28"))
    assert summer - winter == 23 * 3600


def test_business_hours_are_changed_by_the_support_lead_and_published(shop, sue, sol):
    assert sue.put("/v1/business-hours", ALWAYS).status == 403
    sol.put("/v1/business-hours", OFFICE).expect(200)
    seen = sue.get("/v1/business-hours/shop").expect(200)
    assert seen["hours"] == OFFICE["hours"] and seen["holidays"] == []
    shop.settle()
    reported = [each for each in shop.events("support") if each["type"] == "support.business_hours.changed"]
    assert reported[0]["version"] == 1 and reported[-1]["actor"] == "sol" and reported[-1]["data"]["hours"] == OFFICE["hours"]
    sol.put("/v1/business-hours", CLOSED).expect(200)


def test_all_errors_of_business_hours_are_reported_at_once(sol):
    no = sol.put("/v1/business-hours", {"hours": [{"weekday": 1, "opens": "9:00h", "closes": "25:00"},
                                                  {"weekday": 2, "opens": "18:00", "closes": "09:00"}]})
    assert no.status == 422 and no.pointers == ["/hours/0/closes", "/hours/0/opens", "/hours/1/closes"]
    no = sol.put("/v1/business-hours", {"hours": [{"weekday": 8, "opens": "09:00", "closes": "10:00"}],
                                        "holidays": [{"day": "2026-02-30"}]})
    assert no.status == 422 and no.pointers == ["/holidays/0/day", "/hours/0/weekday"]
    assert sol.put("/v1/business-hours", {"hours": []}).status == 422
