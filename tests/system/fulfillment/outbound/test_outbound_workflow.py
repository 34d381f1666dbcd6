"""Fulfilment on the real road: with the catalog and the orders that it hears from."""
import pytest

from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "fulfillment")}


@pytest.fixture(scope="module")
def stocked(shop):
    shop.road.publish({"sku": "MUG", "price": 450})
    shop.road.publish({"sku": "PLATE", "price": 700})
    shop.road.book_in("MUG", 100)
    shop.road.book_in("PLATE", 100)
    shop.settle()
    return shop


def test_an_order_is_delivered_and_its_stock_is_gone(stocked):
    road = stocked.road
    before = road.stock("MUG")["on_hand"]
    order = road.order([("MUG", 3), ("PLATE", 1)])
    road.wait_order(order["id"], status="confirmed")
    done = road.deliver(order["id"])
    assert done["order_number"] == order["number"] and done["carrier"] == "royal-mail"
    road.wait_order(order["id"], status="delivered", stock_status="taken")
    eventually(lambda: (road.stock("MUG")["on_hand"], road.stock("MUG")["reserved"]) == (before - 3, 0))


def test_a_cancellation_before_the_parcel_left_gives_everything_back(stocked):
    road = stocked.road
    before = road.stock("MUG")
    order = road.order([("MUG", 2)])
    road.wait_order(order["id"], status="confirmed")
    shipment = road.shipment(order["id"])
    road.wave()
    road.pack(road.shipment(order["id"], "waved"))
    road.call("orders", "POST", f"/v1/orders/{order['id']}/cancel", {"reason": "changed their mind"}, role="clerk")
    road.wait_order(order["id"], status="cancelled")
    found = stocked.fulfillment.get(f"/v1/shipments/{shipment['id']}").expect(200)
    assert found["status"] == "voided"
    eventually(lambda: road.stock("MUG") == before)


def test_a_cancellation_after_the_parcel_left_is_refused(stocked):
    road = stocked.road
    order = road.order([("MUG", 1)])
    road.wait_order(order["id"], status="confirmed")
    road.shipment(order["id"])
    road.wave()
    shipment = road.shipment(order["id"], "waved")
    road.pack(shipment)
    stocked.nats.stop()                 # neither hears of the other
    road.ship(shipment)
    asked = road.call("orders", "POST", f"/v1/orders/{order['id']}/cancel", {"reason": "too late"}, role="clerk")
    assert asked["status"] == "cancelling"
    stocked.nats.start()
    road.wait_order(order["id"], 40, status="shipped")
    said = [each["type"] for each in stocked.fulfillment.get(f"/v1/shipments/{shipment['id']}/timeline").json["data"]]
    assert said[-2:] == ["fulfillment.shipment.shipped", "fulfillment.shipment.cancel_refused"]


def test_an_order_with_parts_on_backorder_ships_twice(stocked):
    road = stocked.road
    road.publish({"sku": "RARE", "price": 900})
    road.book_in("RARE", 1)
    stocked.settle()
    order = road.order([("RARE", 3)], allow_partial=True)
    road.wait_order(order["id"], stock_status="partial")
    road.call("orders", "POST", f"/v1/orders/{order['id']}/confirm", {}, role="clerk")
    first = road.shipment(order["id"])
    assert first["lines"][0]["quantity"] == 1
    road.book_in("RARE", 2, reference="more")
    eventually(lambda: sorted(line["quantity"] for each in road.shipments(order["id"]) for line in each["lines"])
               == [1, 2])


def test_fulfilment_works_while_everybody_else_is_away(stocked):
    road = stocked.road
    order = road.order([("PLATE", 2)])
    road.wait_order(order["id"], status="confirmed")
    road.shipment(order["id"])
    stocked.stop("catalog")
    stocked.stop("orders")
    road.deliver(order["id"])
    stocked.start()
    road.wait_order(order["id"], status="delivered")


def test_an_order_confirmed_while_fulfilment_is_away_is_shipped_afterwards(stocked):
    road = stocked.road
    stocked.kill("fulfillment")
    order = road.order([("PLATE", 1)])
    road.wait_order(order["id"], status="confirmed")
    stocked.start("fulfillment")
    road.deliver(order["id"])
    road.wait_order(order["id"], status="delivered")
