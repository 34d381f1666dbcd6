"""Cancellations with fulfillment, refunds, and concurrent requests that must have one effect."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from event_publisher import EventPublisher
from order_steps import act, cart, confirmed, place, read, types, wait
from stack.client import eventually

SHOP = {"services": ("orders",)}
CARD = {"method": "card", "amount": 450, "reference": "card-1"}


@pytest.fixture(scope="module")
def publisher(shop):
    publisher = EventPublisher(shop)
    publisher.product(("MUG", 450), ("POT", 1250))
    publisher.product(("POST", 395, {"stocked": False}))
    return publisher


@pytest.fixture(scope="module", autouse=True)
def books(shop):
    """After all tests, the money of every order equals its lines, payments and refunds."""
    yield
    wrong = shop.sql("orders", """
        select number from orders o where
            total <> gross - discount + shipping_fee or
            gross <> (select sum(quantity * unit_price) from order_line where order_id = o.id) or
            paid <> (select coalesce(sum(amount), 0) from payment where order_id = o.id) or
            refunded <> (select coalesce(sum(amount), 0) from refund where order_id = o.id) or
            (status = 'cancelled' and paid <> refunded)""")
    assert wrong == []


def refunds(shop, order):
    return shop.orders.get("/v1/refunds", params={"order_id": order["id"]}).expect(200)["data"]


def cancel(shop, order, **options):
    return act(shop, order, "cancel", {"reason": "changed her mind"}, **options)


# --- cancellations ---------------------------------------------------------------------------------------------------

def test_before_confirmation_an_order_is_cancelled_at_once_and_refunded(shop, publisher):
    order = place(shop, ("MUG", 2), ("POST", 1), paid=1295)
    gone = cancel(shop, order, role="storefront").expect(200)
    assert (gone["status"], gone["payment_status"], gone["refunded"]) == ("cancelled", "refunded", 1295)
    assert gone["cancel_reason"] == "changed her mind" and gone["allowed_actions"] == []
    refund, = refunds(shop, order)
    assert (refund["amount"], refund["kind"], refund["currency"]) == (1295, "cancellation", "GBP")
    assert refund["lines"] == [{"sku": "MUG", "quantity": 2}, {"sku": "POST", "quantity": 1}]
    response, = shop.orders.get(f"/v1/refunds/{refund['id']}/timeline").json["data"]
    assert response["type"] == "orders.refund.paid"
    assert set(response["data"]) >= {"id", "order_id", "order_number", "channel", "currency", "amount", "reference",
                                 "refunded_at", "lines"}
    assert cancel(shop, order).code == "order.invalid_transition"


def test_an_unpaid_order_is_cancelled_without_a_refund(shop, publisher):
    order = place(shop, ("MUG", 1))
    assert cancel(shop, order).json["payment_status"] == "unpaid" and refunds(shop, order) == []
    assert types(shop, order) == ["placed", "cancelled"]


def test_a_late_reservation_of_a_cancelled_order_is_recorded_and_released(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    cancel(shop, order).expect(200)
    publisher.reservation(order)
    wait(shop, order, status="cancelled", stock_status="reserved")
    publisher.reservation(order, "released")
    assert wait(shop, order, status="cancelled", stock_status="released")["allocation"] == []


def test_after_confirmation_fulfillment_voids_the_shipments_of_a_cancelled_order(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 1), ("POT", 1))
    one, two = publisher.shipment(order, "created", lines=[("MUG", 1)]), publisher.shipment(order, "created", lines=[("POT", 1)])
    asked = cancel(shop, order).expect(200)
    assert (asked["status"], asked["payment_status"], refunds(shop, order)) == ("cancelling", "paid", [])
    assert types(shop, order)[-1] == "cancel_requested" and cancel(shop, order).status == 409
    publisher.shipment(order, "voided", one, lines=[("MUG", 1)])
    publisher.shipment(order, "voided", two, lines=[("POT", 1)])
    wait(shop, order, status="cancelled", payment_status="refunded")
    assert [each["amount"] for each in refunds(shop, order)] == [1700] and types(shop, order)[-1] == "cancelled"


def test_fulfillment_refuses_to_cancel_a_shipped_order(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 1))
    parcel = publisher.shipment(order, "created")
    cancel(shop, order).expect(200)
    publisher.shipment(order, "shipped", parcel)
    eventually(lambda: read(shop, order)["parcels"])
    assert read(shop, order)["status"] == "cancelling", "only fulfilment's refusal ends the handshake"
    publisher.shipment(order, "cancel_refused", parcel)
    wait(shop, order, status="shipped", payment_status="paid")
    assert types(shop, order)[-3:] == ["parcel_changed", "cancel_refused", "shipped"] and refunds(shop, order) == []
    assert cancel(shop, order).code == "order.invalid_transition"


def test_an_order_with_a_packed_shipment_continues_when_its_cancellation_is_refused(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 1))
    parcel = publisher.shipment(order, "created")
    cancel(shop, order).expect(200)
    publisher.shipment(order, "cancel_refused", parcel, status="packed")
    wait(shop, order, status="confirmed")
    publisher.shipment(order, "shipped", parcel)
    wait(shop, order, status="shipped")


def test_a_cancellation_needs_a_reason_and_a_role(shop, publisher):
    order = place(shop, ("MUG", 1))
    assert act(shop, order, "cancel", {}).codes == ["field.required"]
    assert cancel(shop, order, role="cashier").status == 403


def test_a_change_must_match_the_version_that_was_read(shop, publisher):
    order = place(shop, ("MUG", 1))
    act(shop, order, "payments", {**CARD, "amount": 1}).expect(201)
    assert cancel(shop, order, headers={"If-Match": '"v1"'}).status == 412
    assert cancel(shop, order, headers={"If-Match": '"v2"'}).status == 200


# --- manual refunds ----------------------------------------------------------------------------------------------

def test_money_is_refunded_in_parts_and_never_more_than_was_paid(shop, publisher):
    order = place(shop, ("MUG", 3), paid=1350)
    part = act(shop, order, "refunds", {"amount": 450, "reason": "one was broken", "reference": "C5001",
                                       "lines": [{"sku": "MUG", "quantity": 1}]}, role="cashier")
    assert part.status == 201 and part.json["order_number"] == order["number"] and part.json["kind"] == "by_hand"
    now = read(shop, order)
    assert (now["payment_status"], now["refunded"], now["paid"], now["total"]) == ("paid", 450, 1350, 1350)
    assert types(shop, order)[-1] == "refunded"
    no = act(shop, order, "refunds", {"amount": 901, "reason": "goodwill"})
    assert no.status == 409 and no.code == "refund.too_much"
    act(shop, order, "refunds", {"amount": 900, "reason": "goodwill", "refunded_at": "2010-12-01T10:00:00Z"}).expect(201)
    assert read(shop, order)["payment_status"] == "refunded"
    assert [each["refunded_at"][:10] for each in refunds(shop, order)][-1] == "2010-12-01"


def test_units_are_refunded_once(shop, publisher):
    order = place(shop, ("MUG", 2), ("MUG", 1), paid=1350)
    act(shop, order, "refunds", {"amount": 450, "reason": "broken", "lines": [{"sku": "MUG", "quantity": 1}]}).expect(201)
    no = act(shop, order, "refunds", {"amount": 10, "reason": "broken", "refunded_at": "2999-01-01T00:00:00Z", "lines": [
        {"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 2}, {"sku": "POT", "quantity": 1}]})
    assert no.status == 422 and {(fault["pointer"], fault["code"]) for fault in no.json["errors"]} == {
        ("/lines/0/quantity", "refund.too_many"), ("/lines/1/quantity", "refund.too_many"),
        ("/lines/2/sku", "refund.not_ordered"), ("/refunded_at", "refund.in_future")}


def test_a_refund_sent_twice_is_one(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    body = {"amount": 100, "reason": "scratch", "reference": "C1"}
    first, again = act(shop, order, "refunds", body), act(shop, order, "refunds", body)
    assert (first.status, again.status) == (201, 200) and first.json["id"] == again.json["id"]
    assert act(shop, order, "refunds", {**body, "amount": 99}).code == "refund.reference_reused"
    assert read(shop, order)["refunded"] == 100


def test_a_cancellation_refunds_what_is_left(shop, publisher):
    order = place(shop, ("MUG", 2), paid=900)
    act(shop, order, "refunds", {"amount": 450, "reason": "one less", "lines": [{"sku": "MUG", "quantity": 1}]}).expect(201)
    cancel(shop, order).expect(200)
    assert sorted((each["kind"], each["amount"]) for each in refunds(shop, order)) == [
        ("by_hand", 450), ("cancellation", 450)]
    assert [each["lines"] for each in refunds(shop, order)] == [[{"sku": "MUG", "quantity": 1}]] * 2


def test_a_refunded_order_is_not_confirmed(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    act(shop, order, "refunds", {"amount": 450, "reason": "goodwill"}).expect(201)
    publisher.reservation(order)
    assert wait(shop, order, stock_status="reserved")["status"] == "placed"
    assert act(shop, order, "confirm").code == "order.unpaid"


def test_only_paid_money_is_refunded_and_only_by_permitted_roles(shop, publisher):
    order = place(shop, ("MUG", 1))
    assert act(shop, order, "refunds", {"amount": 1, "reason": "x"}).code == "refund.too_much"
    assert act(shop, order, "refunds", {"amount": 1, "reason": "x"}, role="storefront").status == 403
    assert act(shop, {"id": order["customer_ref"]}, "refunds", {"amount": 1, "reason": "x"}).status == 404


# --- concurrency --------------------------------------------------------------------------------------------------------

def together(count, function):
    """Run calls at the same moment."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def patient(call):
    """Retry with the same key while the service is busy, as a storefront does."""
    return eventually(lambda: (lambda answer: answer.status != 503 and answer)(call()), 20)


def test_fifty_payments_at_once_never_overpay(shop, publisher):
    order = place(shop, ("MUG", 2))
    answers = together(50, lambda n: patient(lambda: act(
        shop, order, "payments", {"method": "card", "amount": 90, "reference": f"p{n}"}, key=f"{order['id']}-{n}")))
    assert sorted(answer.status for answer in answers) == [201] * 10 + [409] * 40
    assert {answer.code for answer in answers if answer.status == 409} == {"payment.too_much"}
    now = read(shop, order)
    assert (now["paid"], now["payment_status"], len(now["payments"]), now["version"]) == (900, "paid", 10, 11)


def test_a_hundred_posts_with_one_key_are_one_order_and_one_response(shop, publisher):
    body = cart(shop, ("MUG", 1))
    answers = together(100, lambda _: patient(lambda: shop.orders.post("/v1/orders", body, key=body["channel_ref"])))
    assert {answer.status for answer in answers} == {201} and len({answer.text for answer in answers}) == 1
    assert len(shop.orders.get("/v1/orders", params={"channel_ref": body["channel_ref"]}).json["data"]) == 1


def test_a_hundred_posts_with_a_key_each_are_one_order(shop, publisher):
    body = cart(shop, ("MUG", 1))
    answers = together(100, lambda n: patient(lambda: shop.orders.post("/v1/orders", body, key=f"{body['channel_ref']}-{n}")))
    assert sorted(answer.status for answer in answers) == [200] * 99 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


def test_twenty_refunds_at_once_never_refund_too_much(shop, publisher):
    order = place(shop, ("MUG", 2), paid=900)
    answers = together(20, lambda n: patient(lambda: act(
        shop, order, "refunds", {"amount": 300, "reason": "race"}, key=f"{order['id']}-{n}")))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 17
    assert read(shop, order)["refunded"] == 900 and len(refunds(shop, order)) == 3


def test_a_cancellation_and_a_payment_at_once_leave_the_money_settled(shop, publisher):
    for number in range(10):
        order = place(shop, ("MUG", 1))
        paid, gone = together(2, lambda n: patient(lambda: cancel(shop, order, key=f"c-{order['id']}")) if n else patient(
            lambda: act(shop, order, "payments", {**CARD, "reference": f"r{number}"}, key=f"p-{order['id']}")))
        now = read(shop, order)
        assert gone.status == 200 and now["status"] == "cancelled" and paid.status in (201, 409)
        assert now["paid"] == now["refunded"] == (450 if paid.status == 201 else 0)


def test_a_cancellation_and_a_shipped_event_at_once_end_in_one_state(shop, publisher):
    """Either the order is cancelled and refunded once, or it is shipped and not refunded."""
    for number in range(8):
        order = confirmed(shop, publisher, ("MUG", 1))
        parcel = publisher.shipment(order, "created")
        answer, _ = together(2, lambda n: publisher.shipment(order, "shipped", parcel) if n else patient(
            lambda: cancel(shop, order, key=f"c-{order['id']}")))
        if answer.status == 200:
            assert answer.json["status"] == "cancelling"
            publisher.shipment(order, "cancel_refused", parcel)
        else:
            assert answer.code == "order.invalid_transition"
        wait(shop, order, status="shipped", payment_status="paid", refunded=0)
        assert refunds(shop, order) == [] and types(shop, order).count("shipped") == 1


def test_repeated_events_cancel_and_refund_once(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 1))
    parcel = publisher.shipment(order, "created")
    cancel(shop, order).expect(200)
    for _ in range(3):
        publisher.shipment(order, "voided", parcel)
    wait(shop, order, status="cancelled")
    other = confirmed(shop, publisher, ("MUG", 1))
    assert other["status"] == "confirmed"
    assert [each["amount"] for each in refunds(shop, order)] == [450] and types(shop, order).count("cancelled") == 1
