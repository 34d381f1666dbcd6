"""Orders: cancelled by handshake, money given back once, and races that nobody wins twice."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from order_news import News, cart, confirmed, do, place, read, types, wait
from stack.client import eventually

SHOP = {"services": ("orders",)}
CARD = {"method": "card", "amount": 450, "reference": "card-1"}


@pytest.fixture(scope="module")
def news(shop):
    said = News(shop)
    said.product(("MUG", 450), ("POT", 1250))
    said.product(("POST", 395, {"stocked": False}))
    return said


@pytest.fixture(scope="module", autouse=True)
def books(shop):
    """When all is over, every order's money adds up, to its lines, payments and refunds."""
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
    return do(shop, order, "cancel", {"reason": "changed her mind"}, **options)


# --- cancelling ---------------------------------------------------------------------------------------------------

def test_before_confirmation_an_order_is_cancelled_at_once_and_the_money_goes_back(shop, news):
    order = place(shop, ("MUG", 2), ("POST", 1), paid=1295)
    gone = cancel(shop, order, role="storefront").expect(200)
    assert (gone["status"], gone["payment_status"], gone["refunded"]) == ("cancelled", "refunded", 1295)
    assert gone["cancel_reason"] == "changed her mind" and gone["allowed_actions"] == []
    refund, = refunds(shop, order)
    assert (refund["amount"], refund["kind"], refund["currency"]) == (1295, "cancellation", "GBP")
    assert refund["lines"] == [{"sku": "MUG", "quantity": 2}, {"sku": "POST", "quantity": 1}]
    said, = shop.orders.get(f"/v1/refunds/{refund['id']}/timeline").json["data"]
    assert said["type"] == "orders.refund.paid"
    assert set(said["data"]) >= {"id", "order_id", "order_number", "channel", "currency", "amount", "reference",
                                 "refunded_at", "lines"}
    assert cancel(shop, order).code == "order.invalid_transition"


def test_an_unpaid_order_is_cancelled_without_a_refund(shop, news):
    order = place(shop, ("MUG", 1))
    assert cancel(shop, order).json["payment_status"] == "unpaid" and refunds(shop, order) == []
    assert types(shop, order) == ["placed", "cancelled"]


def test_late_stock_of_a_cancelled_order_is_noted_and_released(shop, news):
    order = place(shop, ("MUG", 1), paid=450)
    cancel(shop, order).expect(200)
    news.reservation(order)
    wait(shop, order, status="cancelled", stock_status="reserved")
    news.reservation(order, "released")
    assert wait(shop, order, status="cancelled", stock_status="released")["allocation"] == []


def test_after_confirmation_fulfilment_is_asked_and_voids_the_papers(shop, news):
    order = confirmed(shop, news, ("MUG", 1), ("POT", 1))
    one, two = news.shipment(order, "created", lines=[("MUG", 1)]), news.shipment(order, "created", lines=[("POT", 1)])
    asked = cancel(shop, order).expect(200)
    assert (asked["status"], asked["payment_status"], refunds(shop, order)) == ("cancelling", "paid", [])
    assert types(shop, order)[-1] == "cancel_requested" and cancel(shop, order).status == 409
    news.shipment(order, "voided", one, lines=[("MUG", 1)])
    news.shipment(order, "voided", two, lines=[("POT", 1)])
    wait(shop, order, status="cancelled", payment_status="refunded")
    assert [each["amount"] for each in refunds(shop, order)] == [1700] and types(shop, order)[-1] == "cancelled"


def test_fulfilment_refuses_to_cancel_what_is_shipped(shop, news):
    order = confirmed(shop, news, ("MUG", 1))
    parcel = news.shipment(order, "created")
    cancel(shop, order).expect(200)
    news.shipment(order, "shipped", parcel)
    eventually(lambda: read(shop, order)["parcels"])
    assert read(shop, order)["status"] == "cancelling", "only fulfilment's refusal ends the handshake"
    news.shipment(order, "cancel_refused", parcel)
    wait(shop, order, status="shipped", payment_status="paid")
    assert types(shop, order)[-3:] == ["parcel_changed", "cancel_refused", "shipped"] and refunds(shop, order) == []
    assert cancel(shop, order).code == "order.invalid_transition"


def test_an_order_with_a_packed_parcel_goes_on_when_cancelling_is_refused(shop, news):
    order = confirmed(shop, news, ("MUG", 1))
    parcel = news.shipment(order, "created")
    cancel(shop, order).expect(200)
    news.shipment(order, "cancel_refused", parcel, status="packed")
    wait(shop, order, status="confirmed")
    news.shipment(order, "shipped", parcel)
    wait(shop, order, status="shipped")


def test_a_reason_is_needed_and_a_role(shop, news):
    order = place(shop, ("MUG", 1))
    assert do(shop, order, "cancel", {}).codes == ["field.required"]
    assert cancel(shop, order, role="cashier").status == 403


def test_a_change_must_fit_the_version_that_was_read(shop, news):
    order = place(shop, ("MUG", 1))
    do(shop, order, "payments", {**CARD, "amount": 1}).expect(201)
    assert cancel(shop, order, headers={"If-Match": '"v1"'}).status == 412
    assert cancel(shop, order, headers={"If-Match": '"v2"'}).status == 200


# --- refunds by hand ----------------------------------------------------------------------------------------------

def test_money_is_given_back_in_parts_never_more_than_was_paid(shop, news):
    order = place(shop, ("MUG", 3), paid=1350)
    part = do(shop, order, "refunds", {"amount": 450, "reason": "one was broken", "reference": "C5001",
                                       "lines": [{"sku": "MUG", "quantity": 1}]}, role="cashier")
    assert part.status == 201 and part.json["order_number"] == order["number"] and part.json["kind"] == "manual"
    now = read(shop, order)
    assert (now["payment_status"], now["refunded"], now["paid"], now["total"]) == ("paid", 450, 1350, 1350)
    assert types(shop, order)[-1] == "refunded"
    no = do(shop, order, "refunds", {"amount": 901, "reason": "goodwill"})
    assert no.status == 409 and no.code == "refund.too_much"
    do(shop, order, "refunds", {"amount": 900, "reason": "goodwill", "refunded_at": "2010-12-01T10:00:00Z"}).expect(201)
    assert read(shop, order)["payment_status"] == "refunded"
    assert [each["refunded_at"][:10] for each in refunds(shop, order)][-1] == "2010-12-01"


def test_units_are_refunded_once(shop, news):
    order = place(shop, ("MUG", 2), ("MUG", 1), paid=1350)
    do(shop, order, "refunds", {"amount": 450, "reason": "broken", "lines": [{"sku": "MUG", "quantity": 1}]}).expect(201)
    no = do(shop, order, "refunds", {"amount": 10, "reason": "broken", "refunded_at": "2999-01-01T00:00:00Z", "lines": [
        {"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 2}, {"sku": "POT", "quantity": 1}]})
    assert no.status == 422 and {(fault["pointer"], fault["code"]) for fault in no.json["errors"]} == {
        ("/lines/0/quantity", "refund.too_many"), ("/lines/1/quantity", "refund.too_many"),
        ("/lines/2/sku", "refund.not_ordered"), ("/refunded_at", "refund.in_future")}


def test_a_refund_told_twice_is_one(shop, news):
    order = place(shop, ("MUG", 1), paid=450)
    body = {"amount": 100, "reason": "scratch", "reference": "C1"}
    first, again = do(shop, order, "refunds", body), do(shop, order, "refunds", body)
    assert (first.status, again.status) == (201, 200) and first.json["id"] == again.json["id"]
    assert do(shop, order, "refunds", {**body, "amount": 99}).code == "refund.reference_reused"
    assert read(shop, order)["refunded"] == 100


def test_cancelling_gives_back_what_is_left(shop, news):
    order = place(shop, ("MUG", 2), paid=900)
    do(shop, order, "refunds", {"amount": 450, "reason": "one less", "lines": [{"sku": "MUG", "quantity": 1}]}).expect(201)
    cancel(shop, order).expect(200)
    assert sorted((each["kind"], each["amount"]) for each in refunds(shop, order)) == [
        ("cancellation", 450), ("manual", 450)]
    assert [each["lines"] for each in refunds(shop, order)] == [[{"sku": "MUG", "quantity": 1}]] * 2


def test_an_order_whose_money_went_back_does_not_confirm_itself(shop, news):
    order = place(shop, ("MUG", 1), paid=450)
    do(shop, order, "refunds", {"amount": 450, "reason": "goodwill"}).expect(201)
    news.reservation(order)
    assert wait(shop, order, stock_status="reserved")["status"] == "placed"
    assert do(shop, order, "confirm").code == "order.unpaid"


def test_only_paid_money_is_refunded_and_only_by_who_may(shop, news):
    order = place(shop, ("MUG", 1))
    assert do(shop, order, "refunds", {"amount": 1, "reason": "x"}).code == "refund.too_much"
    assert do(shop, order, "refunds", {"amount": 1, "reason": "x"}, role="storefront").status == 403
    assert do(shop, {"id": order["customer_ref"]}, "refunds", {"amount": 1, "reason": "x"}).status == 404


# --- races --------------------------------------------------------------------------------------------------------

def together(count, function):
    """All at the same moment."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def patient(call):
    """A storefront that is told to try again does so, with the same key."""
    return eventually(lambda: (lambda answer: answer.status != 503 and answer)(call()), 20)


def test_fifty_payments_at_once_never_overpay(shop, news):
    order = place(shop, ("MUG", 2))
    answers = together(50, lambda n: patient(lambda: do(
        shop, order, "payments", {"method": "card", "amount": 90, "reference": f"p{n}"}, key=f"{order['id']}-{n}")))
    assert sorted(answer.status for answer in answers) == [201] * 10 + [409] * 40
    assert {answer.code for answer in answers if answer.status == 409} == {"payment.too_much"}
    now = read(shop, order)
    assert (now["paid"], now["payment_status"], len(now["payments"]), now["version"]) == (900, "paid", 10, 11)


def test_a_hundred_posts_with_one_key_are_one_order_and_one_answer(shop, news):
    body = cart(shop, ("MUG", 1))
    answers = together(100, lambda _: patient(lambda: shop.orders.post("/v1/orders", body, key=body["channel_ref"])))
    assert {answer.status for answer in answers} == {201} and len({answer.text for answer in answers}) == 1
    assert len(shop.orders.get("/v1/orders", params={"channel_ref": body["channel_ref"]}).json["data"]) == 1


def test_a_hundred_posts_with_a_key_each_are_one_order(shop, news):
    body = cart(shop, ("MUG", 1))
    answers = together(100, lambda n: patient(lambda: shop.orders.post("/v1/orders", body, key=f"{body['channel_ref']}-{n}")))
    assert sorted(answer.status for answer in answers) == [200] * 99 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


def test_twenty_refunds_at_once_never_give_back_too_much(shop, news):
    order = place(shop, ("MUG", 2), paid=900)
    answers = together(20, lambda n: patient(lambda: do(
        shop, order, "refunds", {"amount": 300, "reason": "race"}, key=f"{order['id']}-{n}")))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 17
    assert read(shop, order)["refunded"] == 900 and len(refunds(shop, order)) == 3


def test_cancelling_races_with_paying_and_the_money_is_settled_either_way(shop, news):
    for number in range(10):
        order = place(shop, ("MUG", 1))
        paid, gone = together(2, lambda n: patient(lambda: cancel(shop, order, key=f"c-{order['id']}")) if n else patient(
            lambda: do(shop, order, "payments", {**CARD, "reference": f"r{number}"}, key=f"p-{order['id']}")))
        now = read(shop, order)
        assert gone.status == 200 and now["status"] == "cancelled" and paid.status in (201, 409)
        assert now["paid"] == now["refunded"] == (450 if paid.status == 201 else 0)


def test_cancelling_races_with_the_news_of_shipping(shop, news):
    """Either it is cancelled and the money is back once, or it is shipped and the money stays."""
    for number in range(8):
        order = confirmed(shop, news, ("MUG", 1))
        parcel = news.shipment(order, "created")
        answer, _ = together(2, lambda n: news.shipment(order, "shipped", parcel) if n else patient(
            lambda: cancel(shop, order, key=f"c-{order['id']}")))
        if answer.status == 200:
            assert answer.json["status"] == "cancelling"
            news.shipment(order, "cancel_refused", parcel)
        else:
            assert answer.code == "order.invalid_transition"
        wait(shop, order, status="shipped", payment_status="paid", refunded=0)
        assert refunds(shop, order) == [] and types(shop, order).count("shipped") == 1


def test_news_told_twice_cancels_and_refunds_once(shop, news):
    order = confirmed(shop, news, ("MUG", 1))
    parcel = news.shipment(order, "created")
    cancel(shop, order).expect(200)
    for _ in range(3):
        news.shipment(order, "voided", parcel)
    wait(shop, order, status="cancelled")
    other = confirmed(shop, news, ("MUG", 1))
    assert other["status"] == "confirmed"
    assert [each["amount"] for each in refunds(shop, order)] == [450] and types(shop, order).count("cancelled") == 1
