"""Deadlines of orders: unpaid ones are cancelled, unconfirmed ones become overdue."""
import pytest
from event_publisher import EventPublisher
from order_steps import act, cart, place, read, types, wait
from stack.client import eventually

SHOP = {"services": ("orders",), "env": {"ORDER_PAY_SECONDS": "2", "ORDER_CONFIRM_SECONDS": "1"}}


@pytest.fixture(scope="module")
def publisher(shop):
    publisher = EventPublisher(shop)
    publisher.product(("MUG", 450))
    return publisher


def work(shop, order, role):
    return [each for each in shop.orders.get("/v1/work", role=role).expect(200)["data"] if each["id"] == order["id"]]


def test_an_unpaid_order_is_cancelled_at_its_deadline_and_refunded(shop, publisher):
    unpaid, partly, paid = (place(shop, ("MUG", 1), paid=amount) for amount in (False, 100, 450))
    assert [each["kind"] for each in work(shop, unpaid, "cashier")] == ["payment"] and work(shop, unpaid, "cashier")[0]["due_at"]
    gone = wait(shop, unpaid, status="cancelled", payment_status="unpaid")
    assert gone["cancel_reason"] == "not paid in time"
    wait(shop, partly, status="cancelled", payment_status="refunded", refunded=100)
    assert read(shop, paid)["status"] == "placed" and work(shop, unpaid, "cashier") == []
    assert types(shop, unpaid) == ["placed", "overdue", "cancelled"]


def test_an_order_paid_in_time_is_not_cancelled(shop, publisher):
    order = place(shop, ("MUG", 1))
    act(shop, order, "payments", {"method": "card", "amount": 450, "reference": "in-time"}).expect(201)
    wait(shop, order, overdue=True)
    eventually(lambda: shop.value("orders", "select now() > created_at + interval '3 seconds' from orders where id = %s",
                                  order["id"]))
    assert read(shop, order)["status"] == "placed"


def test_an_order_that_is_not_confirmed_in_time_is_overdue_until_it_is(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    publisher.reservation(order, "short")
    wait(shop, order, overdue=True, stock_status="backordered")
    listed = shop.orders.get("/v1/orders", params={"overdue": "true"}).json["data"]
    assert order["id"] in [each["id"] for each in listed] and "overdue" in types(shop, order)
    todo, = work(shop, order, "clerk")
    assert todo["kind"] == "stock" and todo["due_at"] and todo["overdue"] is True
    assert work(shop, order, "cashier") == []
    publisher.reservation(order)
    assert wait(shop, order, status="confirmed")["overdue"] is False
    assert work(shop, order, "clerk") == []


def test_a_confirmed_order_does_not_become_overdue(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    publisher.reservation(order)
    wait(shop, order, status="confirmed")
    eventually(lambda: shop.value("orders", "select now() > created_at + interval '2 seconds' from orders where id = %s",
                                  order["id"]))
    assert "overdue" not in types(shop, order)


def test_an_order_on_hold_is_on_the_work_list_of_clerks(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    act(shop, order, "hold", {"reason": "note to read"}).expect(200)
    assert [each["kind"] for each in work(shop, order, "clerk")] == ["held"]


def test_an_order_is_accepted_while_every_other_service_and_nats_are_down(shop, publisher):
    shop.nats.stop()
    order = shop.orders.post("/v1/orders", cart(shop, ("MUG", 1), paid=450), role="storefront").expect(201)
    assert (order["status"], order["stock_status"], order["total"]) == ("placed", "pending", 450)
    waiting = shop.value("orders", "select count(*) from event where aggregate_id = %s and seq is null", order["id"])
    assert waiting == 2
    shop.nats.start()
    eventually(lambda: shop.value("orders", "select count(*) = 0 from event where seq is null"), 30)
    publisher.reservation(order)
    wait(shop, order, status="confirmed")
