"""Orders with real catalog and fulfillment: the whole workflow and its handshakes."""
import pytest
from order_steps import act, cart, read, types
from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "fulfillment")}


@pytest.fixture(scope="module", autouse=True)
def range_(shop):
    shop.workflow.publish({"sku": "MUG", "price": 450}, {"sku": "POST", "price": 395, "stocked": False})
    shop.workflow.publish({"sku": "RARE", "price": 900})
    shop.workflow.book_in("MUG", 1000)
    eventually(lambda: shop.orders.get("/v1/prices/RARE").status == 200)


def stock(shop, sku):
    level = shop.workflow.stock(sku)
    return level["on_hand"], level["reserved"]


def cancel(shop, order, **options):
    return act(shop, order, "cancel", {"reason": "changed her mind"}, **options)


def test_an_order_becomes_a_delivered_shipment(shop):
    before = stock(shop, "MUG")
    order = shop.workflow.order([("MUG", 2), ("POST", 1)])
    shop.workflow.wait_order(order["id"], status="confirmed", stock_status="reserved")
    assert stock(shop, "MUG") == (before[0], before[1] + 2)
    parcel = shop.workflow.deliver(order["id"])
    order = shop.workflow.wait_order(order["id"], status="delivered", stock_status="taken")
    assert [each["tracking_number"] for each in order["parcels"]] == [parcel["tracking_number"]]
    assert stock(shop, "MUG") == (before[0] - 2, before[1])
    shop.settle()


def test_a_customer_reads_the_timeline_of_an_order_without_names_of_staff(shop):
    order = shop.workflow.order([("MUG", 1)])
    act(shop, order, "hold", {"reason": "ask her"}, role="clerk", sub="carl")
    act(shop, order, "release", role="clerk", sub="carl")
    shop.workflow.wait_order(order["id"], status="confirmed")
    link = f"/v1/orders/{order['id']}/timeline"
    course = shop.orders.as_("customer", order["customer_ref"]).get(link).expect(200)["data"]
    assert [each["type"] for each in course] == [each["type"] for each in shop.orders.get(link).json["data"]]
    assert {name for each in course for name in each} == {"type", "version", "time", "status"}
    assert course[-1]["status"] == "confirmed" and "carl" not in str(course)
    assert shop.orders.as_("customer", "c-foreign").get(link).status == 404


def test_an_order_without_stocked_lines_is_shipped_with_an_empty_shipment(shop):
    order = shop.workflow.order([("POST", 1)])
    shop.workflow.wait_order(order["id"], status="confirmed")
    shop.workflow.shipment(order["id"])
    shop.workflow.wave()
    parcel = shop.workflow.ship(shop.workflow.shipment(order["id"], "packed"))      # nothing to scan
    shop.workflow.wait_order(order["id"], status="shipped")
    shop.workflow.track(parcel, "delivered")
    shop.workflow.wait_order(order["id"], status="delivered")


def test_prefer_wait_responds_with_the_reservation(shop):
    assert shop.workflow.order([("MUG", 1)], paid=False, wait=5)["stock_status"] == "reserved"
    assert shop.workflow.order([("RARE", 1)], paid=False, wait=5)["stock_status"] == "backordered"


def test_a_cancelled_backorder_and_a_cancelled_reservation_are_released(shop):
    before = stock(shop, "MUG")
    for sku in ("MUG", "RARE"):
        order = shop.workflow.order([(sku, 1)], paid=False, wait=5)
        assert cancel(shop, order).json["status"] == "cancelled"
        shop.workflow.wait_order(order["id"], status="cancelled", stock_status="released")
    assert stock(shop, "MUG") == before


def test_fulfillment_voids_the_shipment_and_stock_and_money_are_released_once(shop):
    before = stock(shop, "MUG")
    order = shop.workflow.order([("MUG", 3)])
    shop.workflow.shipment(order["id"])
    shop.workflow.wave()
    shop.workflow.shipment(order["id"], "waved")
    assert cancel(shop, order).json["status"] == "cancelling"
    gone = shop.workflow.wait_order(order["id"], status="cancelled", stock_status="released", payment_status="refunded")
    assert gone["refunded"] == gone["paid"] == 1350 and stock(shop, "MUG") == before
    assert [each["status"] for each in shop.workflow.shipments(order["id"])] == ["voided"]


def test_an_order_is_cancelled_before_fulfillment_has_received_it(shop):
    shop.stop("fulfillment")
    order = shop.workflow.order([("MUG", 1)])
    shop.workflow.wait_order(order["id"], status="confirmed")
    assert cancel(shop, order).json["status"] == "cancelling"
    shop.start("fulfillment")
    shop.workflow.wait_order(order["id"], 20, status="cancelled", stock_status="released", payment_status="refunded")


def test_a_shipped_order_is_not_cancelled(shop):
    order = shop.workflow.order([("MUG", 1)])
    parcel = shop.workflow.shipment(order["id"])
    shop.workflow.wave()
    parcel = shop.workflow.shipment(order["id"], "waved")
    shop.workflow.pack(parcel)
    shop.stop("orders")
    shop.workflow.ship(parcel)
    shop.pause("fulfillment")
    shop.start("orders")
    shop.resume("fulfillment")
    shop.workflow.wait_order(order["id"], status="shipped", payment_status="paid")
    assert cancel(shop, order).code == "order.invalid_transition"


def test_a_cancellation_and_a_shipping_at_once_end_in_one_state(shop):
    """Repeatedly: stock and money are released exactly once, or not at all."""
    for number in range(6):
        before = stock(shop, "MUG")
        order = shop.workflow.order([("MUG", 1)])
        shop.workflow.shipment(order["id"])
        shop.workflow.wave()
        parcel = shop.workflow.shipment(order["id"], "waved")
        shop.workflow.pack(parcel)
        steps = {"cancel": lambda: cancel(shop, order),
                 "ship": lambda: shop.fulfillment.post(f"/v1/shipments/{parcel['id']}/ship",
                                                       {"carrier": "dhl", "tracking_number": f"R{number}"})}
        turns = sorted(steps, reverse=number % 2)
        done = {name: steps[name]() for name in turns}
        asked, shipped = done["cancel"], done["ship"]
        assert asked.status in (200, 409) and shipped.status in (200, 409)
        if shipped.status == 200:
            shop.workflow.wait_order(order["id"], status="shipped", payment_status="paid", refunded=0, stock_status="taken")
            assert stock(shop, "MUG") == (before[0] - 1, before[1])
        else:
            shop.workflow.wait_order(order["id"], status="cancelled", refunded=450, stock_status="released")
            assert stock(shop, "MUG") == before
        assert types(shop, order).count("cancelled") + types(shop, order).count("shipped") == 1


def test_an_order_of_six_hundred_lines_is_reserved_and_confirmed(shop):
    skus = [f"BIG-{n:03}" for n in range(600)]
    shop.workflow.publish(*[{"sku": sku, "price": 255} for sku in skus[:300]])
    shop.workflow.publish(*[{"sku": sku, "price": 255} for sku in skus[300:]])
    for sku in skus:
        shop.workflow.book_in(sku, 6)
    eventually(lambda: shop.orders.get(f"/v1/prices/{skus[-1]}").status == 200)
    order = shop.orders.post("/v1/orders", cart(shop, *[(sku, 6) for sku in skus], paid=600 * 6 * 255)).expect(201)
    shop.workflow.wait_order(order["id"], 20, status="confirmed", stock_status="reserved")
    assert len(shop.workflow.shipment(order["id"])["lines"]) == 600
    assert len(read(shop, order)["allocation"]) == 600
