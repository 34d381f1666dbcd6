"""Confirmed orders become shipments; cancelled ones are voided or refused (F-1)."""
import pytest

from outbound import Outbound
from stack.client import eventually
from stack.workflow import barcode_of

SHOP = {"services": ("fulfillment",)}


@pytest.fixture(scope="module")
def outbound(shop):
    return Outbound(shop)


def units(shipment):
    return {line["sku"]: line["quantity"] for line in shipment["lines"]}


def test_a_confirmed_order_becomes_a_pending_shipment(outbound):
    outbound.publisher.product("MUG")
    order = outbound.confirm([("MUG", 2), ("PLATE", 1)])
    shipment = outbound.shipment(order, "pending")
    assert shipment["number"].startswith("SH-") and shipment["order_number"] == order["number"]
    assert shipment["warehouse"] == "main" and shipment["wave_id"] is None and shipment["open_exceptions"] == 0
    assert units(shipment) == {"MUG": 2, "PLATE": 1} and all(line["scanned"] == 0 for line in shipment["lines"])
    assert shipment["allowed_actions"] == [] and outbound.events(shipment["id"]) == ["created"]
    # an article that catalog has not published yet is scanned by its SKU, later by its barcode
    assert eventually(lambda: {line["sku"]: line["barcode"] for line in outbound.read(shipment)["lines"]}
                      == {"MUG": barcode_of("MUG"), "PLATE": "PLATE"})
    product = outbound.publisher.product("PLATE")
    eventually(lambda: barcode_of("PLATE") in str(outbound.read(shipment)))
    outbound.publisher.product(("PLATE", 100, {"barcode": "new-label"}), verb="delisted", id_=product)
    eventually(lambda: "new-label" in str(outbound.read(shipment)))


def test_an_order_with_stock_in_two_warehouses_is_split(outbound):
    order = outbound.confirm([("CUP", 5)], allocation=[("CUP", "north", 2), ("CUP", "south", 3)])
    eventually(lambda: len(outbound.shipments(order)) == 2)
    assert {each["warehouse"]: units(each) for each in outbound.shipments(order)} == {
        "north": {"CUP": 2}, "south": {"CUP": 3}}
    assert [each["warehouse"] for each in outbound.shipments(order, warehouse="south")] == ["south"]


def test_the_same_sku_on_two_lines_is_one_line_to_scan(outbound):
    order = outbound.confirm([("CUP", 1), ("CUP", 2)])
    assert units(outbound.shipment(order)) == {"CUP": 3}


def test_an_order_without_stocked_lines_gets_an_empty_shipment(outbound):
    order = outbound.confirm([("POST", 1, {"stocked": False})])
    shipment = outbound.shipment(order, "pending")
    assert shipment["warehouse"] == "main" and shipment["lines"] == []
    wave = outbound.wave("main").expect(201)
    assert outbound.read(shipment)["status"] == "packed" and outbound.read(shipment)["wave_id"] == wave["id"]
    assert outbound.events(shipment["id"]) == ["created", "waved", "packed"]
    assert outbound.ship(shipment).expect(200)["status"] == "shipped"


def test_stock_that_comes_later_becomes_another_shipment_of_the_difference(outbound):
    order = outbound.confirm([("JUG", 5)], allocation=[("JUG", "main", 2)], allow_partial=True)
    first = outbound.shipment(order)
    assert units(first) == {"JUG": 2}
    grown = [{"sku": "JUG", "warehouse": "main", "quantity": 5}]
    outbound.change(order, "stock_changed", allocation=grown)
    eventually(lambda: len(outbound.shipments(order)) == 2)
    assert [units(each) for each in outbound.shipments(order) if each["id"] != first["id"]] == [{"JUG": 3}]
    outbound.change(order, "stock_changed", allocation=grown)     # nothing new
    outbound.change(order, "paid", allocation=grown)
    outbound.shop.settle()
    assert len(outbound.shipments(order)) == 2


def test_a_confirmed_order_that_has_no_stock_yet_waits_for_it(outbound):
    order = outbound.confirm([("VASE", 1)], allocation=[], allow_partial=True)
    outbound.shop.settle()
    assert outbound.shipments(order) == []
    outbound.change(order, "stock_changed", allocation=[{"sku": "VASE", "warehouse": "main", "quantity": 1}])
    assert units(outbound.shipment(order)) == {"VASE": 1}


def test_no_shipment_is_created_before_the_confirmation(outbound):
    order = outbound.order([("MUG", 1)], status="placed")
    outbound.change(order, "placed", allocation=[])
    outbound.change(order, "stock_changed")
    outbound.change(order, "held")
    outbound.shop.settle()
    assert outbound.shipments(order) == []
    outbound.change(order, "confirmed", status="confirmed")
    outbound.shipment(order, "pending")


def test_repeated_and_reordered_events_create_one_shipment(outbound):
    order = outbound.order([("MUG", 1)])
    outbound.publisher.publish("orders.order.confirmed", order["id"], order, version=2)
    outbound.publisher.publish("orders.order.placed", order["id"], {**order, "status": "placed"}, version=1)
    outbound.publisher.publish("orders.order.confirmed", order["id"], order, version=2)
    outbound.shipment(order, "pending")
    outbound.shop.settle()
    assert len(outbound.shipments(order)) == 1


def test_invalid_events_become_dead_letters_and_others_are_applied(outbound):
    bad = outbound.order([("MUG", 1)])
    outbound.publisher.publish("orders.order.confirmed", bad["id"], {"id": bad["id"], "status": "confirmed"})
    good = outbound.confirm([("MUG", 1)])
    outbound.shipment(good, "pending")
    letters = eventually(lambda: outbound.api.get("/v1/dead-letters").expect(200)["data"])
    assert [each["code"] for each in letters] == ["event.invalid"]
    # the corrected event, with the same version
    outbound.publisher.publish("orders.order.confirmed", bad["id"], bad, version=1)
    outbound.shipment(bad, "pending")


def test_events_without_a_consumer_may_have_any_data_and_are_not_waited_for(outbound):
    order = outbound.order([("MUG", 1)])
    before = outbound.api.get("/v1/dead-letters").expect(200)["data"]
    outbound.publisher.publish("orders.order.placed", order["id"], {"lines": "\"}{", "deep": {"data": {"private": [{}]}}})
    outbound.publisher.publish("orders.order.confirmed", order["id"], order)
    outbound.shipment(order, "pending")
    assert outbound.api.get("/v1/dead-letters").expect(200)["data"] == before


def test_personal_data_is_visible_to_roles_that_need_it_and_masked_for_others(outbound, shop):
    person = {**shop.person(), "wishes": {"card": shop.canary("Happy birthday, Aunt Mabel")}}
    order = outbound.confirm([("MUG", 1)], private=person)
    shipment = outbound.shipment(order)
    assert shipment["ship_to"] == person["ship_to"] and shipment["wishes"] == person["wishes"]
    seen = shop.fulfillment.as_("agent", "sue").get(f"/v1/shipments/{shipment['id']}").expect(200)
    assert person["ship_to"]["street"] not in str(seen) and person["customer"]["name"] not in str(seen)
    assert seen["ship_to"]["city"] == "Leeds"
    event, = shop.sql("fulfillment", "select data, private from event where aggregate_id = %s", shipment["id"])
    assert person["customer"]["name"] not in str(event["data"])
    assert event["private"] == {"customer": person["customer"], "ship_to": person["ship_to"]}
    # after erasure it is gone and the rest works
    shop.sql("fulfillment", "update shipment set private = null where id = %s", shipment["id"])
    assert "ship_to" not in outbound.read(shipment)
    outbound.wave("main").expect(201)


def test_a_cancelled_order_voids_all_its_shipments_and_documents(outbound):
    order = outbound.confirm([("PAN", 5)], allocation=[("PAN", "east", 2), ("PAN", "west", 3)])
    eventually(lambda: len(outbound.shipments(order)) == 2)
    wave = outbound.wave("east").expect(201)
    east, = outbound.shipments(order, warehouse="east")
    assert outbound.scan(east, "nonsense").code == "scan.wrong_barcode"
    outbound.cancel(order)
    eventually(lambda: {each["status"] for each in outbound.shipments(order)} == {"voided"})
    assert outbound.events(east["id"])[-1] == "voided"
    sort = outbound.lead.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)
    assert sort["orders"] == [] and [each["shipment_id"] for each in sort["voided"]] == [east["id"]]
    assert outbound.lead.get(f"/v1/waves/{wave['id']}/pick-list").expect(200)["lines"] == []
    gone, = outbound.exceptions(east)
    assert gone["status"] == "resolved" and gone["resolution"] == "The order was cancelled."
    assert outbound.events(gone["id"]) == ["opened", "resolved"]
    assert outbound.scan(east, "PAN").code == "scan.not_expected"
    refused = outbound.ship(east)
    assert refused.status == 409 and refused.code == "shipment.invalid_transition"


def test_a_packed_shipment_is_still_voided(outbound):
    shipment = outbound.packed([("PAN", 1)])
    outbound.cancel({"id": shipment["order_id"], "number": shipment["order_number"]})
    eventually(lambda: outbound.read(shipment)["status"] == "voided")


def test_a_cancellation_is_refused_once_a_shipment_has_left(outbound):
    order = outbound.confirm([("PAN", 2)], allocation=[("PAN", "left", 1), ("PAN", "right", 1)])
    eventually(lambda: len(outbound.shipments(order)) == 2)
    outbound.wave("left").expect(201)
    left, = outbound.shipments(order, warehouse="left")
    outbound.scan(left, "PAN").expect(201)
    outbound.ship(left).expect(200)
    outbound.cancel(order)
    eventually(lambda: outbound.events(left["id"])[-1] == "cancel_refused")
    assert {each["warehouse"]: each["status"] for each in outbound.shipments(order)} == {
        "left": "shipped", "right": "pending"}


def test_a_cancellation_of_an_order_without_shipments_is_accepted_too(outbound):
    order = outbound.confirm([("RARE", 1)], allocation=[], allow_partial=True)
    outbound.cancel(order)
    shipment = outbound.shipment(order, "voided")
    assert outbound.events(shipment["id"]) == ["voided"] and shipment["lines"] == []


def test_a_confirmation_and_its_cancellation_in_one_batch_end_void(outbound, shop):
    shop.stop("fulfillment")
    orders = [outbound.confirm([("MUG", 1)]) for _ in range(5)]
    for order in orders:
        outbound.cancel(order)
    shop.start("fulfillment")
    for order in orders:
        assert outbound.events(outbound.shipment(order, "voided")["id"]) == ["created", "voided"]


def test_an_order_of_many_lines_becomes_one_shipment_with_one_event(outbound):
    lines = [(f"LONG-{n:04}", 48) for n in range(700)]
    outbound.publisher.product(*[sku for sku, _ in lines])
    shipment = outbound.shipment(outbound.confirm(lines))
    assert len(shipment["lines"]) == 700
    eventually(lambda: all(line["barcode"] != line["sku"] for line in outbound.read(shipment)["lines"]))
    outbound.wave("main").expect(201)
    assert outbound.events(shipment["id"]) == ["created", "waved"]
