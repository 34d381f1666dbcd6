"""Personal data: visible only to roles that need it, and removed when a customer is erased."""
import json
import uuid

import pytest

from inputs import operations
from stack import plan
from stack.client import eventually
from roles import granted

SHOP = {"env": {"ERASE_AGAIN_SECONDS": "1"}}


def person(shop, ref=None):
    """A customer whose texts are all canaries."""
    who = shop.person()
    if ref:
        who["customer"]["ref"] = ref
    return who


def texts_of(who):
    """The personal data of an order, unmasked."""
    return [who["customer"][name] for name in ("name", "phone", "email")] + [who["ship_to"]["street"]]


@pytest.fixture(scope="module")
def populated(shop):
    shop.workflow.publish({"sku": "PRIV", "price": 450})
    shop.workflow.book_in("PRIV", 50)
    return shop


def told_order(shop, who, **more):
    """An order with personal data in every free text."""
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
    """(service, table, text) wherever the databases still have one of the texts."""
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


# --- logs, metrics and problems -------------------------------------------------------------------------------------------------

def test_no_public_event_log_or_metric_has_personal_data(populated):
    """The harness checks logs and problem bodies, after every response and at the end."""
    delivered(populated, person(populated))
    for service in plan.SERVICES:
        reported = populated.sql(service, "select type, data::text as data from event")
        for event in reported:
            populated.no_canary(event["data"], f"{service}: {event['type']}")
        populated.no_canary(json.dumps(list(populated.events(service))), f"the feed of {service}")
        populated.no_canary(populated.ops(service, "/metrics")[1], f"the metrics of {service}")


def test_a_problem_does_not_repeat_the_input(populated):
    who = person(populated)
    bad = populated.workflow.order_body([("PRIV", 1)], person=who, paid=False)
    for path, value in (("currency", "gbp"), ("lines", []), ("placed_at", populated.canary("canary-time")), ("wishes", populated.canary("canary-wish"))):
        assert populated.orders.post("/v1/orders", {**bad, path: value}).status == 422
    assert populated.orders.post("/v1/orders", {**bad, "customer": {**who["customer"], "email": "x" * 300 + who["customer"]["email"]}}).status == 422


# --- masked -----------------------------------------------------------------------------------------------------------

REVEALS = {"orders": "orders:personal", "shipments": "shipments:personal", "tickets": "tickets:personal",
           "messages": "tickets:personal", "tasks": "customers:personal", "surveys": "customers:personal",
           "customers": "customers:personal", "tracking-events": "shipments:personal"}


def test_each_role_sees_in_full_only_what_it_needs(populated):
    """Every GET of every service with every role: without the scope, the response has no canary."""
    who = person(populated)
    order, shipment = delivered(populated, who)
    ids = {"orders": order["id"], "shipments": shipment["id"]}
    seen = set()
    for service in plan.SERVICES:
        for each in operations(populated, service):
            if each.writes or each.scope is None:
                continue
            for role, scopes in granted().items():
                path = each.path.replace("{id}", ids.get(each.collection, str(uuid.uuid4()))).replace("{shipment_id}", shipment["id"])
                answer = getattr(populated, service).get(path, role=role, sub="somebody")
                if answer.status != 200:
                    continue
                reveal = REVEALS.get(path.split("?")[0].split("/")[-1]) or REVEALS.get(each.collection)
                if not (reveal and ({"*", reveal} & scopes)):
                    hold = [canary for canary in populated.canaries if canary in answer.text and not reasons(each, canary)]
                    assert not hold, (role, path, hold)
                elif any(text in answer.text for text in texts_of(who)):
                    seen.add(each.collection)
    assert {"orders", "shipments", "tickets", "customers"} <= seen


def reasons(each, canary):
    """Free text of staff is visible to staff with the scope: reasons of holds and refunds."""
    return each.collection in ("holds", "refunds") and canary.split()[0] in ("hold", "refund")


# --- erasure -----------------------------------------------------------------------------------------------------------

def test_an_erased_customer_is_gone_from_every_service_and_the_figures_are_unchanged(populated):
    who = person(populated)
    order, shipment = delivered(populated, who)
    personal = texts_of(who)
    assert {service for service, _, _ in left(populated, personal)} >= {"orders", "fulfillment", "support"}
    before, sales = money(populated), populated.value("analytics", "select count(*) from event")
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, personal))
    populated.settle()
    assert left(populated, personal) == set()
    assert money(populated) == before and populated.value("analytics", "select count(*) from event") == sales
    for service in plan.SERVICES:
        assert getattr(populated, service).get("/v1/audit/verify").expect(200)["intact"], service
    after = populated.orders.get(f"/v1/orders/{order['id']}").expect(200)
    assert after["status"] == "delivered" and after["total"] == order["total"] and "customer" not in after
    assert "customer" not in populated.fulfillment.get(f"/v1/shipments/{shipment['id']}").expect(200)
    timeline = populated.orders.get(f"/v1/orders/{order['id']}/timeline").json["data"]
    assert timeline[-1]["type"] == "orders.order.erased"
    assert [each["version"] for each in timeline] == list(range(1, len(timeline) + 1))


def test_free_text_about_an_erased_customer_is_gone_too(populated):
    known = set(populated.canaries)
    who = person(populated)
    delivered(populated, who)
    words = [text for text in populated.canaries - known if text != who["ship_to"]["phone"]]
    assert len(words) >= 10
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, words))


def test_an_open_shipment_keeps_its_address_until_it_is_delivered(populated):
    who = person(populated)
    order = told_order(populated, who)
    eventually(lambda: populated.support.get("/v1/customers", params={"ref": who["customer"]["ref"]}).json["data"])
    erase(populated, who["customer"]["ref"])
    populated.settle()
    assert populated.orders.get(f"/v1/orders/{order['id']}").json["ship_to"]["street"] == who["ship_to"]["street"]
    shipment = populated.workflow.deliver(order["id"])
    assert shipment["ship_to"]["street"] == who["ship_to"]["street"]
    eventually(lambda: not left(populated, texts_of(who)), timeout=20)


def test_a_customer_who_returns_after_an_erasure_can_order_and_be_erased_again(populated):
    who = person(populated)
    delivered(populated, who)
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, texts_of(who)))
    again = person(populated, who["customer"]["ref"])
    order, _ = delivered(populated, again)
    assert populated.orders.get(f"/v1/orders/{order['id']}").json["customer"]["name"] == again["customer"]["name"]
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, texts_of(again)))


def test_a_dead_letter_about_an_erased_customer_has_no_personal_data(populated):
    who = person(populated)
    order, _ = delivered(populated, who)
    body = json.dumps({"data": {"order_id": order["id"]}, "private": {"customer": who["customer"]}})
    for service in ("orders", "fulfillment", "support"):
        populated.sql(service, "insert into dead_letter (consumer, event_id, type, aggregate_id, version, code, detail, body) values "
                           "('test', gen_random_uuid(), 'orders.order.placed', %s, 1, 'test.x', 'x', %s)", order["id"], body)
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, texts_of(who)))


def test_a_request_repeated_after_an_erasure_has_no_second_effect(populated):
    who = person(populated)
    body = populated.workflow.order_body([("PRIV", 1)], person=who, paid=False)
    first = populated.orders.post("/v1/orders", body, key=f"again-{body['channel_ref']}").expect(201)
    populated.orders.post(f"/v1/orders/{first['id']}/cancel", {"reason": populated.canary(f"cancel {uuid.uuid4().hex}")}).expect(200)
    populated.settle()
    erase(populated, who["customer"]["ref"])
    eventually(lambda: not left(populated, texts_of(who)))
    again = populated.orders.post("/v1/orders", body, key=f"again-{body['channel_ref']}")
    assert again.headers["Idempotent-Replayed"] == "true" and again.json["id"] == first["id"]
    assert "customer" not in again.json and "ship_to" not in again.json
