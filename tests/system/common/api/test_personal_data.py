"""Personal data: seen by the roles that need them, told to nobody else, and gone when a customer is erased."""
import json
import uuid

import pytest

from inputs import operations
from stack import plan
from stack.client import eventually
from test_bad_inputs import granted

SHOP = {"env": {"ERASE_AGAIN_SECONDS": "1"}}


def person(shop, ref=None):
    """A customer every text of whom is a canary."""
    who = shop.person()
    if ref:
        who["customer"]["ref"] = ref
    return who


def texts_of(who):
    """What is personal in an order, in full."""
    return [who["customer"][name] for name in ("name", "phone", "email")] + [who["ship_to"]["street"]]


@pytest.fixture(scope="module")
def world(shop):
    shop.workflow.publish({"sku": "PRIV", "price": 450})
    shop.workflow.book_in("PRIV", 50)
    return shop


def told_order(shop, who, **more):
    """An order with words about somebody in every text there is."""
    order = shop.workflow.order([("PRIV", 2)], person=who, paid=False, **more,
                            wishes={"gift": shop.canary(f"for aunt {uuid.uuid4().hex}")})
    shop.orders.post(f"/v1/orders/{order['id']}/hold", {"reason": shop.canary(f"hold {uuid.uuid4().hex}")}).expect(200)
    shop.orders.post(f"/v1/orders/{order['id']}/release").expect(200)
    shop.workflow.pay(order)
    return shop.workflow.wait_order(order["id"], status="confirmed")


def delivered(shop, who):
    order = told_order(shop, who)
    shipment = shop.workflow.deliver(order["id"])
    shop.workflow.track(shipment, "delayed", note=shop.canary(f"dog bites {uuid.uuid4().hex}"))
    shop.orders.post(f"/v1/orders/{order['id']}/refunds",
                     {"amount": 100, "reason": shop.canary(f"refund {uuid.uuid4().hex}")}).expect(201)
    ticket = shop.support.post("/v1/tickets", {
        "subject": shop.canary(f"subject {uuid.uuid4().hex}"), "body": shop.canary(f"body {uuid.uuid4().hex}"),
        "order_id": order["id"], "customer": {key: who["customer"][key] for key in ("ref", "name", "phone", "email")}}).expect(201)
    for action, body in (("answer", {"body": shop.canary(f"answer {uuid.uuid4().hex}")}),
                         ("solve", {"resolution": shop.canary(f"solution {uuid.uuid4().hex}")})):
        shop.support.post(f"/v1/tickets/{ticket['id']}/take") if action == "answer" else None
        shop.support.post(f"/v1/tickets/{ticket['id']}/{action}", body).expect(200, 201)
    shop.settle()
    return order, shipment


def erase(shop, ref):
    customer, = shop.support.get("/v1/customers", params={"ref": ref}).expect(200)["data"]
    return shop.support.post(f"/v1/customers/{customer['id']}/erase").expect(200)


def left(shop, texts):
    """(service, table, text) wherever one of the texts still stands in the databases."""
    found = set()
    for service in plan.SERVICES:
        tables = [row["relname"] for row in shop.sql(
            service, "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'")]
        one = "select distinct '{0}' as name, x from {0} t, unnest(%s) x where position(x in t::text) > 0"
        rows = shop.sql(service, " union all ".join(one.format(table) for table in tables), *[list(texts)] * len(tables))
        found |= {(service, row["name"], row["x"]) for row in rows}
    return found


def money(shop):
    return shop.sql("orders", "select sum(total) as total, sum(paid) as paid, sum(refunded) as refunded, count(*) as n from orders")


# --- told to nobody -------------------------------------------------------------------------------------------------

def test_no_public_event_log_or_metric_tells_anything_personal(world):
    """Logs and problem bodies are looked at by the harness, at every answer and at the end."""
    delivered(world, person(world))
    for service in plan.SERVICES:
        told = world.sql(service, "select type, data::text as data from event")
        for event in told:
            world.no_canary(event["data"], f"{service}: {event['type']}")
        world.no_canary(json.dumps(list(world.events(service))), f"the feed of {service}")
        world.no_canary(world.ops(service, "/metrics")[1], f"the metrics of {service}")


def test_a_problem_does_not_repeat_what_was_sent(world):
    who = person(world)
    bad = world.workflow.order_body([("PRIV", 1)], person=who, paid=False)
    for path, value in (("currency", "gbp"), ("lines", []), ("placed_at", world.canary("canary-time")), ("wishes", world.canary("canary-wish"))):
        assert world.orders.post("/v1/orders", {**bad, path: value}).status == 422
    assert world.orders.post("/v1/orders", {**bad, "customer": {**who["customer"], "email": "x" * 300 + who["customer"]["email"]}}).status == 422


# --- masked -----------------------------------------------------------------------------------------------------------

REVEALS = {"orders": "orders:personal", "shipments": "shipments:personal", "tickets": "tickets:personal",
           "messages": "tickets:personal", "tasks": "customers:personal", "surveys": "customers:personal",
           "customers": "customers:personal", "tracking-events": "shipments:personal"}


def test_each_role_sees_in_full_only_what_it_needs(world):
    """Every GET of every service, by every role: whoever lacks the scope finds no canary in it."""
    who = person(world)
    order, shipment = delivered(world, who)
    ids = {"orders": order["id"], "shipments": shipment["id"]}
    seen = set()
    for service in plan.SERVICES:
        for each in operations(world, service):
            if each.writes or each.scope is None:
                continue
            for role, scopes in granted().items():
                path = each.path.replace("{id}", ids.get(each.collection, str(uuid.uuid4()))).replace("{shipment_id}", shipment["id"])
                answer = getattr(world, service).get(path, role=role, sub="somebody")
                if answer.status != 200:
                    continue
                reveal = REVEALS.get(path.split("?")[0].split("/")[-1]) or REVEALS.get(each.collection)
                if not (reveal and ({"*", reveal} & scopes)):
                    hold = [canary for canary in world.canaries if canary in answer.text and not reasons(each, canary)]
                    assert not hold, (role, path, hold)
                elif any(text in answer.text for text in texts_of(who)):
                    seen.add(each.collection)
    assert {"orders", "shipments", "tickets", "customers"} <= seen


def reasons(each, canary):
    """What staff wrote is read by the staff that may read it: reasons of holds and refunds."""
    return each.collection in ("holds", "refunds") and canary.split()[0] in ("hold", "refund")


# --- erased -----------------------------------------------------------------------------------------------------------

def test_an_erased_customer_is_gone_from_every_service_and_the_books_hold(world):
    who = person(world)
    order, shipment = delivered(world, who)
    personal = texts_of(who)
    assert {service for service, _, _ in left(world, personal)} >= {"orders", "fulfillment", "support"}
    before, sales = money(world), world.value("analytics", "select count(*) from event")
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, personal))
    world.settle()
    assert left(world, personal) == set()
    assert money(world) == before and world.value("analytics", "select count(*) from event") == sales
    for service in plan.SERVICES:
        assert getattr(world, service).get("/v1/audit/verify").expect(200)["intact"], service
    after = world.orders.get(f"/v1/orders/{order['id']}").expect(200)
    assert after["status"] == "delivered" and after["total"] == order["total"] and "customer" not in after
    assert "customer" not in world.fulfillment.get(f"/v1/shipments/{shipment['id']}").expect(200)
    timeline = world.orders.get(f"/v1/orders/{order['id']}/timeline").json["data"]
    assert timeline[-1]["type"] == "orders.order.erased"
    assert [each["version"] for each in timeline] == list(range(1, len(timeline) + 1))


def test_words_about_an_erased_customer_are_gone_too(world):
    known = set(world.canaries)
    who = person(world)
    delivered(world, who)
    words = [text for text in world.canaries - known if text != who["ship_to"]["phone"]]
    assert len(words) >= 10
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, words))


def test_what_is_still_to_be_brought_keeps_its_address_until_it_is_there(world):
    who = person(world)
    order = told_order(world, who)
    eventually(lambda: world.support.get("/v1/customers", params={"ref": who["customer"]["ref"]}).json["data"])
    erase(world, who["customer"]["ref"])
    world.settle()
    assert world.orders.get(f"/v1/orders/{order['id']}").json["ship_to"]["street"] == who["ship_to"]["street"]
    shipment = world.workflow.deliver(order["id"])
    assert shipment["ship_to"]["street"] == who["ship_to"]["street"]
    eventually(lambda: not left(world, texts_of(who)), timeout=20)


def test_whoever_comes_back_after_an_erasure_is_served_and_can_be_erased_again(world):
    who = person(world)
    delivered(world, who)
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, texts_of(who)))
    again = person(world, who["customer"]["ref"])
    order, _ = delivered(world, again)
    assert world.orders.get(f"/v1/orders/{order['id']}").json["customer"]["name"] == again["customer"]["name"]
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, texts_of(again)))


def test_a_dead_letter_about_an_erased_customer_keeps_nothing_personal(world):
    who = person(world)
    order, _ = delivered(world, who)
    body = json.dumps({"data": {"order_id": order["id"]}, "private": {"customer": who["customer"]}})
    for service in ("orders", "fulfillment", "support"):
        world.sql(service, "insert into dead_letter (consumer, event_id, type, aggregate_id, version, code, detail, body) values "
                           "('test', gen_random_uuid(), 'orders.order.placed', %s, 1, 'test.x', 'x', %s)", order["id"], body)
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, texts_of(who)))


def test_the_same_request_sent_again_after_an_erasure_does_nothing_twice(world):
    who = person(world)
    body = world.workflow.order_body([("PRIV", 1)], person=who, paid=False)
    first = world.orders.post("/v1/orders", body, key=f"again-{body['channel_ref']}").expect(201)
    world.orders.post(f"/v1/orders/{first['id']}/cancel", {"reason": world.canary(f"cancel {uuid.uuid4().hex}")}).expect(200)
    world.settle()
    erase(world, who["customer"]["ref"])
    eventually(lambda: not left(world, texts_of(who)))
    again = world.orders.post("/v1/orders", body, key=f"again-{body['channel_ref']}")
    assert again.headers["Idempotent-Replayed"] == "true" and again.json["id"] == first["id"]
    assert "customer" not in again.json and "ship_to" not in again.json
