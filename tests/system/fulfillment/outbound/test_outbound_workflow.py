"""Fulfillment with real catalog and orders."""
import pytest

from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "fulfillment")}


@pytest.fixture(scope="module")
def stocked(shop):
    shop.workflow.publish({"sku": "MUG", "price": 450})
    shop.workflow.publish({"sku": "PLATE", "price": 700})
    shop.workflow.book_in("MUG", 100)
    shop.workflow.book_in("PLATE", 100)
    shop.settle()
    return shop


def test_a_delivered_order_is_booked_out_of_stock(stocked):
    workflow = stocked.workflow
    before = workflow.stock("MUG")["on_hand"]
    order = workflow.order([("MUG", 3), ("PLATE", 1)])
    workflow.wait_order(order["id"], status="confirmed")
    done = workflow.deliver(order["id"])
    assert done["order_number"] == order["number"] and done["carrier"] == "royal-mail"
    workflow.wait_order(order["id"], status="delivered", stock_status="taken")
    eventually(lambda: (workflow.stock("MUG")["on_hand"], workflow.stock("MUG")["reserved"]) == (before - 3, 0))


def test_a_cancellation_before_shipping_releases_stock_and_money(stocked):
    workflow = stocked.workflow
    before = workflow.stock("MUG")
    order = workflow.order([("MUG", 2)])
    workflow.wait_order(order["id"], status="confirmed")
    shipment = workflow.shipment(order["id"])
    workflow.wave()
    workflow.pack(workflow.shipment(order["id"], "waved"))
    workflow.call("orders", "POST", f"/v1/orders/{order['id']}/cancel", {"reason": "changed their mind"}, role="clerk")
    workflow.wait_order(order["id"], status="cancelled")
    found = stocked.fulfillment.get(f"/v1/shipments/{shipment['id']}").expect(200)
    assert found["status"] == "voided"
    eventually(lambda: workflow.stock("MUG") == before)


def test_a_cancellation_after_shipping_is_refused(stocked):
    workflow = stocked.workflow
    order = workflow.order([("MUG", 1)])
    workflow.wait_order(order["id"], status="confirmed")
    workflow.shipment(order["id"])
    workflow.wave()
    shipment = workflow.shipment(order["id"], "waved")
    workflow.pack(shipment)
    stocked.nats.stop()                 # neither receives events of the other
    workflow.ship(shipment)
    asked = workflow.call("orders", "POST", f"/v1/orders/{order['id']}/cancel", {"reason": "too late"}, role="clerk")
    assert asked["status"] == "cancelling"
    stocked.nats.start()
    workflow.wait_order(order["id"], 40, status="shipped")
    response = [each["type"] for each in stocked.fulfillment.get(f"/v1/shipments/{shipment['id']}/timeline").json["data"]]
    assert response[-2:] == ["fulfillment.shipment.shipped", "fulfillment.shipment.cancel_refused"]


def test_an_order_with_parts_on_backorder_ships_twice(stocked):
    workflow = stocked.workflow
    workflow.publish({"sku": "RARE", "price": 900})
    workflow.book_in("RARE", 1)
    stocked.settle()
    order = workflow.order([("RARE", 3)], allow_partial=True)
    workflow.wait_order(order["id"], stock_status="partial")
    workflow.call("orders", "POST", f"/v1/orders/{order['id']}/confirm", {}, role="clerk")
    first = workflow.shipment(order["id"])
    assert first["lines"][0]["quantity"] == 1
    workflow.book_in("RARE", 2, reference="more")
    eventually(lambda: sorted(line["quantity"] for each in workflow.shipments(order["id"]) for line in each["lines"])
               == [1, 2])


def test_fulfillment_works_while_all_other_services_are_down(stocked):
    workflow = stocked.workflow
    order = workflow.order([("PLATE", 2)])
    workflow.wait_order(order["id"], status="confirmed")
    workflow.shipment(order["id"])
    stocked.stop("catalog")
    stocked.stop("orders")
    workflow.deliver(order["id"])
    stocked.start()
    workflow.wait_order(order["id"], status="delivered")


def test_an_order_confirmed_while_fulfillment_is_down_is_shipped_afterwards(stocked):
    workflow = stocked.workflow
    stocked.kill("fulfillment")
    order = workflow.order([("PLATE", 1)])
    workflow.wait_order(order["id"], status="confirmed")
    stocked.start("fulfillment")
    workflow.deliver(order["id"])
    workflow.wait_order(order["id"], status="delivered")
