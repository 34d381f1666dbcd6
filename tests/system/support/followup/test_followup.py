"""What events of orders and shipments create: follow-up tasks, surveys, customers."""
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest

from event_publisher import EventPublisher
from stack.client import eventually

SHOP = {"services": ("support",), "env": {"CUSTOMER_VIP_ORDERS": "4", "CUSTOMER_VIP_SPENT": "50000"}}
DAY = 86400


def now():
    return datetime.now(timezone.utc)


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def publish_order(publisher, person, total=1000, status="placed", currency="GBP", id_=None, at=None, paid=None, refunded=0):
    """An event of a person's order, the first or the next; the order's id."""
    id_ = id_ or str(uuid4())
    publisher.publish(f"orders.order.{status}", id_, {
        "id": id_, "number": f"N{id_[-6:]}", "channel": "web", "customer_ref": person["customer"]["ref"], "currency": currency,
        "status": status, "placed_at": (at or now()).isoformat(), "total": total,
        "paid": total if paid is None else paid, "refunded": refunded, "lines": []},
        {"customer": {name: person["customer"][name] for name in ("name", "phone", "email")}}, at=at)
    return id_


def publish_shipment(publisher, order=None, until="delivered", at=None):
    """The events of a shipment up to a step; the shipment's id."""
    return publisher.ship({"id": order or str(uuid4())}, until=until, at=at)[-1].aggregate_id


@pytest.fixture(scope="module")
def publisher(shop):
    return EventPublisher(shop)


@pytest.fixture(scope="module")
def sue(shop):
    return shop.support.as_("agent", "sue")


def one(client, path, **params):
    """The only item of a list, once it exists."""
    def found():
        some = client.get(path, params=params).expect(200)["data"]
        assert len(some) < 2, f"{len(some)} of {path} {params}"
        return some
    return eventually(found)[0]


def survey_of(sue, publisher, **parcel):
    return one(sue, "/v1/surveys", shipment_id=publish_shipment(publisher, **parcel))


def answer(shop, survey, body, **more):
    return shop.support.post(survey["link"], body, token="", key=None, **more)


# --- follow-up tasks -----------------------------------------------------------------------------------------------------

def test_a_shipped_shipment_creates_one_follow_up_task_with_a_due_date(shop, sue, publisher):
    person, order = shop.person(), str(uuid4())
    publish_order(publisher, person, id_=order)
    shipment = publish_shipment(publisher, order, until="shipped")
    task = one(sue, "/v1/tasks", order_id=order)
    assert (task["kind"], task["status"], task["owner"], task["role"], task["shipment_id"]) == (
        "follow_up", "open", None, "agent", shipment)
    assert timedelta(days=2, hours=23) < when(task["due_at"]) - now() < timedelta(days=3)
    assert eventually(lambda: sue.get(f"/v1/tasks/{task['id']}").json.get("customer"))["phone"] == person["customer"]["phone"]
    assert [each["id"] for each in sue.get("/v1/work").json["data"] if each["id"] == task["id"]]


def test_repeated_events_create_one_task_and_one_survey(shop, sue, publisher):
    shipment = publish_shipment(publisher)
    survey = one(sue, "/v1/surveys", shipment_id=shipment)
    publisher.publish("fulfillment.shipment.delivered", shipment, {"id": shipment, "order_id": survey["order_id"], "order_number": "N1"}, version=5)
    publisher.publish("fulfillment.shipment.shipped", shipment, {"id": shipment, "order_id": survey["order_id"], "order_number": "N1"}, version=6)
    last = publish_shipment(publisher)
    one(sue, "/v1/surveys", shipment_id=last)
    one(sue, "/v1/tasks", shipment_id=shipment)
    one(sue, "/v1/surveys", shipment_id=shipment)


def test_a_task_is_assigned_and_completed_with_its_outcome(sue, publisher):
    task = one(sue, "/v1/tasks", shipment_id=publish_shipment(publisher, until="shipped"))
    path = f"/v1/tasks/{task['id']}"
    assert task["allowed_actions"] == ["assign", "complete"]
    assert sue.post(path + "/assign", {"owner": "tom"}).expect(200)["status"] == "assigned"
    done = sue.post(path + "/complete", {"outcome": "happy with it"}).expect(200)
    assert (done["status"], done["outcome"], done["owner"], done["completed_by"]) == ("done", "happy with it", "tom", "sue")
    again = sue.post(path + "/complete", {"outcome": "x"})
    assert again.status == 409 and again.code == "task.invalid_transition"
    assert sue.post(path + "/assign", {"owner": "x"}).status == 409
    assert [each["type"].split(".")[-1] for each in sue.get(path + "/timeline").json["data"]] == ["opened", "assigned", "done"]


def test_a_task_completed_with_a_new_date_creates_the_second_call(sue, publisher):
    first = one(sue, "/v1/tasks", shipment_id=publish_shipment(publisher, until="shipped"))
    later = (now() + timedelta(days=1)).isoformat()
    sue.post(f"/v1/tasks/{first['id']}/complete", {"outcome": "not reached", "next_call_at": later}).expect(200)
    second = one(sue, "/v1/tasks", shipment_id=first["shipment_id"], kind="second_call")
    assert (second["status"], second["owner"], second["order_id"]) == ("assigned", "sue", first["order_id"])
    assert when(second["due_at"]) == when(later)


def test_an_unassigned_task_belongs_to_the_agent_who_completes_it(sue, publisher):
    task = one(sue, "/v1/tasks", shipment_id=publish_shipment(publisher, until="shipped"))
    assert sue.post(f"/v1/tasks/{task['id']}/complete", {"outcome": "reached"}).expect(200)["owner"] == "sue"


def test_a_manual_task_not_completed_in_time_is_overdue_and_escalated(shop, sue):
    sol = shop.support.as_("support_lead", "sol")
    soon = (now() + timedelta(seconds=1)).isoformat()
    made = sue.post("/v1/tasks", {"kind": "call_back", "due_at": soon, "owner": "sue", "note": "after six"}).expect(201)
    done = sue.post("/v1/tasks", {"kind": "call_back", "due_at": soon}).expect(201)
    assert (made["status"], made["note"], done["status"]) == ("assigned", "after six", "open")
    sue.post(f"/v1/tasks/{done['id']}/complete", {"outcome": "reached"}).expect(200)
    late = eventually(lambda: sue.get("/v1/tasks", params={"overdue": "true", "owner": "sue"}).json["data"], 8)
    assert [each["id"] for each in late] == [made["id"]]
    assert [each["why"] for each in sol.get("/v1/work").json["data"] if each["id"] == made["id"]] == ["overdue"]
    assert not sue.get(f"/v1/tasks/{done['id']}").json["overdue"]


def test_a_shipment_has_one_follow_up_even_if_created_manually(sue, publisher):
    shipment = publish_shipment(publisher, until="shipped")
    one(sue, "/v1/tasks", shipment_id=shipment)
    no = sue.post("/v1/tasks", {"kind": "follow_up", "due_at": now().isoformat(), "shipment_id": shipment})
    assert no.status == 409 and no.code == "task.exists"


def test_all_errors_of_a_task_are_reported_at_once_and_other_roles_are_forbidden(shop, sue):
    no = sue.post("/v1/tasks", {"kind": "a b", "due_at": "soon", "order_id": "1", "mood": 1})
    assert no.status == 422 and no.pointers == ["/due_at", "/kind", "/mood", "/order_id"]
    assert shop.support.as_("clerk", "carl").post("/v1/tasks", {"kind": "x", "due_at": now().isoformat()}).status == 403
    assert sue.post(f"/v1/tasks/{uuid4()}/complete", {"outcome": "x"}).status == 404
    assert sue.get("/v1/tasks", params={"order_id": "5"}).status == 400


# --- surveys ---------------------------------------------------------------------------------------------------------------

def test_a_delivered_shipment_creates_a_survey_that_is_answered_without_login(shop, sue, publisher):
    survey = survey_of(sue, publisher)
    assert survey["status"] == "sent" and re.fullmatch(r"/v1/public/surveys/[\w-]{43}", survey["link"])
    assert timedelta(days=29) < when(survey["expires_at"]) - now() < timedelta(days=30)
    asked = shop.support.get(survey["link"], token="").expect(200)
    assert asked["status"] == "sent" and asked["score"] is None and asked["order_number"] == "N1"
    comment = shop.canary("Canary tea, lovely")
    done = answer(shop, survey, {"score": 5, "comment": comment})
    assert done.status == 201 and done.json["status"] == "answered" and done.json["score"] == 5
    seen = sue.get(f"/v1/surveys/{survey['id']}").json
    assert (seen["status"], seen["score"], seen["comment"]) == ("answered", 5, comment)
    assert sue.get("/v1/tickets", params={"order_id": survey["order_id"]}).json["data"] == []
    shop.settle()
    feed = shop.support.get("/v1/events", params={"limit": 1000}).text
    assert survey["id"] in feed and survey["token"] not in feed
    shop.no_canary(feed, "the feed")
    shop.no_canary(shop.support.as_("manager", "max").get(f"/v1/surveys/{survey['id']}").text, "the manager's view")


def test_a_survey_is_answered_once(shop, sue, publisher):
    survey = survey_of(sue, publisher)
    answer(shop, survey, {"score": 4}).expect(201)
    no = answer(shop, survey, {"score": 5})
    assert no.status == 409 and no.code == "survey.answered"
    assert shop.support.get(survey["link"], token="").json["score"] == 4


def test_fifty_survey_responses_at_once_are_one(shop, sue, publisher):
    survey = survey_of(sue, publisher)

    def send(score):
        while True:
            got = answer(shop, survey, {"score": score % 2 + 1})
            if got.status != 503:
                return got.status
    with ThreadPoolExecutor(50) as pool:
        statuses = sorted(pool.map(send, range(50)))
    assert statuses == [201] + [409] * 49
    one(sue, "/v1/tickets", order_id=survey["order_id"])
    steps = [each["type"].split(".")[-1] for each in sue.get(f"/v1/surveys/{survey['id']}/timeline").json["data"]]
    assert steps == ["sent", "answered"]


def test_a_bad_score_opens_a_ticket_automatically(shop, sue, publisher):
    survey = survey_of(sue, publisher)
    comment = shop.canary("Canary cup, broken")
    answer(shop, survey, {"score": 2, "comment": comment}).expect(201)
    ticket = one(sue, "/v1/tickets", order_id=survey["order_id"])
    assert (ticket["survey_id"], ticket["channel"], ticket["priority"], ticket["status"]) == (
        survey["id"], "survey", "high", "new")
    assert sue.get(f"/v1/tickets/{ticket['id']}/messages").json["data"][0]["body"] == comment
    shop.settle()
    shop.no_canary(shop.support.get("/v1/events", params={"limit": 1000}).text, "the feed")


def test_an_expired_survey_is_closed(shop, sue, publisher):
    survey = survey_of(sue, publisher, at=now() - timedelta(days=31))
    assert survey["status"] == "expired"
    assert shop.support.get(survey["link"], token="").json["status"] == "expired"
    no = answer(shop, survey, {"score": 5})
    assert no.status == 409 and no.code == "survey.expired"


def test_an_unknown_survey_link_is_not_found(shop):
    for token in ("x", "A" * 43, "%27%20or%201=1", "a" * 300):
        assert shop.support.get(f"/v1/public/surveys/{token}", token="").status == 404
        no = shop.support.post(f"/v1/public/surveys/{token}", {"score": 5}, token="", key=None)
        assert no.status == 404 and no.code == "survey.unknown"


@pytest.mark.parametrize("body,pointer", [
    ({}, "/score"), ({"score": 0}, "/score"), ({"score": 6}, "/score"), ({"score": "5"}, "/score"),
    ({"score": 4.5}, "/score"), ({"score": 5, "comment": ""}, "/comment"), ({"score": 5, "comment": "x" * 2001}, "/comment"),
    ({"score": 5, "name": "x"}, "/name")])
def test_an_invalid_survey_response_is_refused_and_can_be_corrected(shop, sue, publisher, body, pointer):
    survey = survey_of(sue, publisher)
    no = answer(shop, survey, body)
    assert no.status == 422 and no.pointers == [pointer]
    answer(shop, survey, {"score": 5}).expect(201)


def test_survey_links_are_visible_only_to_roles_that_may_read_surveys(shop, sue, publisher):
    survey_of(sue, publisher)
    for role in ("clerk", "picker", "storefront", "customer"):
        assert shop.support.as_(role, "x").get("/v1/surveys").status == 403


# --- customers ----------------------------------------------------------------------------------------------------------------

def customer_of(sue, person, **fields):
    def known():
        some = sue.get("/v1/customers", params={"ref": person["customer"]["ref"]}).json["data"]
        return some and all(some[0][name] == value for name, value in fields.items()) and some[0]
    return eventually(known)


def test_a_customer_is_built_from_orders_and_gets_a_level_by_rule(shop, sue, publisher):
    person = shop.person()
    publish_order(publisher, person, 1000)
    first = customer_of(sue, person, orders=1, level="new")
    assert first["contact"] == {name: person["customer"][name] for name in ("name", "phone", "email")}
    publish_order(publisher, person, 2000)
    second = customer_of(sue, person, orders=2, level="repeat")
    assert second["spent"] == [{"currency": "GBP", "amount": 3000}] and len(second["last_orders"]) == 2
    publish_order(publisher, person, 100, currency="EUR")
    publish_order(publisher, person, 100)
    top = customer_of(sue, person, orders=4, level="vip")
    assert top["spent"] == [{"currency": "EUR", "amount": 100}, {"currency": "GBP", "amount": 3100}]
    steps = [each["type"].split(".")[-1] for each in sue.get(f"/v1/customers/{top['id']}/timeline").json["data"]]
    assert steps == ["created", "level_changed", "level_changed"]


def test_a_cancelled_and_refunded_order_no_longer_counts(shop, sue, publisher):
    person = shop.person()
    publish_order(publisher, person, 700)
    order = publish_order(publisher, person, 60000)
    customer_of(sue, person, orders=2, level="vip")
    publish_order(publisher, person, 60000, status="cancelled", id_=order, refunded=60000)
    assert customer_of(sue, person, orders=1, level="new")["spent"] == [{"currency": "GBP", "amount": 700}]


def test_many_concurrent_orders_of_one_customer_are_all_counted(shop, sue, publisher):
    person = shop.person()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: publish_order(publisher, person, 10), range(40)))
    customer_of(sue, person, orders=40, spent=[{"currency": "GBP", "amount": 400}])


def test_a_guest_order_creates_no_customer_and_its_follow_up_has_a_phone_number(shop, sue, publisher):
    guest = shop.person(ref=None)
    order = publish_order(publisher, guest)
    shipment = publish_shipment(publisher, order, until="shipped")
    task = one(sue, "/v1/tasks", shipment_id=shipment)
    contact = eventually(lambda: sue.get(f"/v1/tasks/{task['id']}").json.get("customer"))
    assert contact["name"] == guest["customer"]["name"]


def test_a_ticket_shows_its_customer_s_level_and_last_orders_also_when_the_order_arrives_later(shop, sue, publisher):
    person, order = shop.person(), str(uuid4())
    ticket = sue.post("/v1/tickets", {"subject": "Where is it?", "body": "?", "order_id": order}).expect(201)
    assert ticket["customer_id"] is None and ticket["last_orders"] == [] and "customer" not in ticket
    publish_order(publisher, person, id_=order)
    publish_order(publisher, person)
    shown = eventually(lambda: (lambda t: len(t["last_orders"]) == 2 and t)(sue.get(f"/v1/tickets/{ticket['id']}").json))
    assert shown["customer_level"] == "repeat" and shown["customer"]["email"] == person["customer"]["email"]
    customer = customer_of(sue, person)
    assert one(sue, "/v1/tickets", customer_id=customer["id"])["id"] == ticket["id"]


def test_a_vip_is_answered_in_half_the_time(shop, sue, publisher):
    shop.support.put("/v1/business-hours", {"hours": [
        {"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]}).expect(200)
    person = shop.person()
    publish_order(publisher, person, 60000)
    customer_of(sue, person, level="vip")
    ticket = sue.post("/v1/tickets", {"subject": "a", "body": "b", "customer": person["customer"]}).expect(201)
    assert timedelta(hours=4, minutes=29) < when(ticket["first_answer_by"]) - now() < timedelta(hours=4, minutes=31)


def test_erasure_removes_all_text_about_a_person_and_keeps_the_figures(shop, sue, publisher):
    person = shop.person()
    order = publish_order(publisher, person, 900)
    customer = customer_of(sue, person, orders=1)
    survey = survey_of(sue, publisher, order=order)
    comment, note = shop.canary("Canary comment of mine"), shop.canary("Canary note on me")
    answer(shop, survey, {"score": 1, "comment": comment}).expect(201)
    ticket = sue.post("/v1/tickets", {"subject": note, "body": note, "customer": person["customer"]}).expect(201)
    sue.post(f"/v1/tickets/{ticket['id']}/solve", {"resolution": note}).expect(200)
    task = sue.post("/v1/tasks", {"kind": "call", "order_id": order, "due_at": now().isoformat(), "note": note}).expect(201)
    sue.post(f"/v1/tasks/{task['id']}/complete", {"outcome": note}).expect(200)
    shop.settle()
    assert sue.post(f"/v1/customers/{customer['id']}/erase", {}).status == 403
    sol = shop.support.as_("support_lead", "sol")
    gone = sol.post(f"/v1/customers/{customer['id']}/erase", {}).expect(200)
    assert gone["orders"] == 1 and gone["erased_at"] and "contact" not in gone
    again = sol.post(f"/v1/customers/{customer['id']}/erase", {})
    assert again.status == 409 and again.code == "customer.erased"
    publish_order(publisher, person, 900, status="delivered", id_=order, at=now() - timedelta(hours=1))
    eventually(lambda: sue.get(f"/v1/customers/{customer['id']}").json["last_orders"][0]["status"] == "delivered")
    for path in ("customers", "tickets", "tasks", "surveys", "messages", "events"):
        text = sol.get(f"/v1/{path}", params={"limit": 100}).text
        for word in (comment, note, *[person["customer"][each] for each in ("name", "phone", "email")]):
            assert word not in text, f"{word} in {path}"
    kept = shop.sql("support", "select table_name from information_schema.columns where table_schema = 'support' "
                               "and column_name = 'id' and table_name !~ '_json$|_event$'")
    for table in {row["table_name"] for row in kept} | {"idempotency"}:
        for row in shop.sql("support", f"select t::text as row from {table} t"):
            assert note not in row["row"] and person["customer"]["email"] not in row["row"], f"in {table}"


def test_roles_without_the_scope_see_no_personal_data_of_customers(shop, sue, publisher):
    person = shop.person()
    publish_order(publisher, person)
    customer = customer_of(sue, person)
    assert shop.support.as_("clerk", "carl").get("/v1/customers").status == 403
    order = publish_order(publisher, person)
    task = one(sue, "/v1/tasks", shipment_id=publish_shipment(publisher, order, until="shipped"))
    eventually(lambda: sue.get(f"/v1/tasks/{task['id']}").json.get("customer"))
    masked = shop.support.as_("clerk", "carl").get(f"/v1/tasks/{task['id']}").expect(200)["customer"]
    name, phone = person["customer"]["name"], person["customer"]["phone"]
    assert masked["name"] == f"{name[0]}***" and masked["phone"] == f"***{phone[-3:]}"
    shop.no_canary(json.dumps(masked), "a masked customer")
    assert customer["id"]


def test_an_invalid_event_becomes_a_dead_letter_and_others_are_applied(shop, sue, publisher):
    bad = str(uuid4())
    publisher.publish("fulfillment.shipment.shipped", bad, {"id": bad, "order_id": "not-an-id"})
    survey_of(sue, publisher)
    left = eventually(lambda: [each for each in shop.support.get("/v1/dead-letters").json["data"] if each["aggregate_id"] == bad])
    assert left[0]["code"] == "event.invalid"


def test_events_published_while_support_was_down_or_killed_are_applied_once(shop, sue, publisher):
    with ThreadPoolExecutor(4) as pool:
        shipments = [pool.submit(publish_shipment, publisher) for _ in range(120)]
        shipments[20].result()
        shop.kill("support")
        shipments[60].result()
        shop.start("support")
        shipments[90].result()
        shop.kill("support")
        shop.start("support")
        shipments = {each.result() for each in shipments}

    def counted(table):
        rows = shop.sql("support", f"select shipment_id::text, count(*) as n from {table} group by 1")
        return {row["shipment_id"]: row["n"] for row in rows if row["shipment_id"] in shipments}
    eventually(lambda: len(counted("survey")) == len(shipments), 60)
    assert set(counted("survey").values()) == {1} == set(counted("task").values())
    assert set(counted("task")) == shipments
