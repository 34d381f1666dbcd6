"""Fulfilment: confirmed orders become shipments, cancelled ones are voided or refused (F-1)."""
import pytest

from fulfillment import Desk
from stack.client import eventually
from stack.workflow import barcode_of

SHOP = {"services": ("fulfillment",)}


@pytest.fixture(scope="module")
def desk(shop):
    return Desk(shop)


def units(shipment):
    return {line["sku"]: line["quantity"] for line in shipment["lines"]}


def test_a_confirmed_order_becomes_a_pending_shipment(desk):
    desk.product("MUG")
    order = desk.confirm([("MUG", 2), ("PLATE", 1)])
    shipment = desk.shipment(order, "pending")
    assert shipment["number"].startswith("SH-") and shipment["order_number"] == order["number"]
    assert shipment["warehouse"] == "main" and shipment["wave_id"] is None and shipment["open_exceptions"] == 0
    assert units(shipment) == {"MUG": 2, "PLATE": 1} and all(line["scanned"] == 0 for line in shipment["lines"])
    assert shipment["allowed_actions"] == [] and desk.said(shipment["id"]) == ["created"]
    # what catalog has not told of yet is scanned by its SKU, and by its barcode once that is known
    assert eventually(lambda: {line["sku"]: line["barcode"] for line in desk.see(shipment)["lines"]}
                      == {"MUG": barcode_of("MUG"), "PLATE": "PLATE"})
    product = desk.product("PLATE")
    eventually(lambda: barcode_of("PLATE") in str(desk.see(shipment)))
    desk.product(("PLATE", "new-label"), verb="delisted", id=product)
    eventually(lambda: "new-label" in str(desk.see(shipment)))


def test_an_order_with_stock_in_two_places_is_split(desk):
    order = desk.confirm([("CUP", 5)], allocation=[("CUP", "north", 2), ("CUP", "south", 3)])
    eventually(lambda: len(desk.shipments(order)) == 2)
    assert {each["warehouse"]: units(each) for each in desk.shipments(order)} == {
        "north": {"CUP": 2}, "south": {"CUP": 3}}
    assert [each["warehouse"] for each in desk.shipments(order, warehouse="south")] == ["south"]


def test_the_same_sku_on_two_lines_is_one_line_to_scan(desk):
    order = desk.confirm([("CUP", 1), ("CUP", 2)])
    assert units(desk.shipment(order)) == {"CUP": 3}


def test_an_order_without_stocked_lines_gets_a_shipment_without_units(desk):
    order = desk.confirm([("POST", 1, False)])
    shipment = desk.shipment(order, "pending")
    assert shipment["warehouse"] == "main" and shipment["lines"] == []
    wave = desk.wave("main").expect(201)
    assert desk.see(shipment)["status"] == "packed" and desk.see(shipment)["wave_id"] == wave["id"]
    assert desk.said(shipment["id"]) == ["created", "waved", "packed"]
    assert desk.ship(shipment).expect(200)["status"] == "shipped"


def test_stock_that_comes_later_becomes_another_shipment_of_the_difference(desk):
    order = desk.confirm([("JUG", 5)], allocation=[("JUG", "main", 2)], allow_partial=True)
    first = desk.shipment(order)
    assert units(first) == {"JUG": 2}
    grown = [{"sku": "JUG", "warehouse": "main", "quantity": 5}]
    desk.news(order, "stock_changed", allocation=grown)
    eventually(lambda: len(desk.shipments(order)) == 2)
    assert [units(each) for each in desk.shipments(order) if each["id"] != first["id"]] == [{"JUG": 3}]
    desk.news(order, "stock_changed", allocation=grown)     # nothing new
    desk.news(order, "paid", allocation=grown)
    desk.shop.settle()
    assert len(desk.shipments(order)) == 2


def test_a_confirmed_order_that_has_no_stock_yet_waits_for_it(desk):
    order = desk.confirm([("VASE", 1)], allocation=[], allow_partial=True)
    desk.shop.settle()
    assert desk.shipments(order) == []
    desk.news(order, "stock_changed", allocation=[{"sku": "VASE", "warehouse": "main", "quantity": 1}])
    assert units(desk.shipment(order)) == {"VASE": 1}


def test_nothing_is_made_before_the_confirmation(desk):
    order = desk.order([("MUG", 1)], status="placed")
    desk.news(order, "placed", allocation=[])
    desk.news(order, "stock_changed")
    desk.news(order, "held")
    desk.shop.settle()
    assert desk.shipments(order) == []
    desk.news(order, "confirmed", status="confirmed")
    desk.shipment(order, "pending")


def test_news_told_twice_or_in_the_wrong_order_make_one_shipment(desk):
    order = desk.order([("MUG", 1)])
    desk.say("orders.order.confirmed", order["id"], order, version=2)
    desk.say("orders.order.placed", order["id"], {**order, "status": "placed"}, version=1)
    desk.say("orders.order.confirmed", order["id"], order, version=2)
    desk.shipment(order, "pending")
    desk.shop.settle()
    assert len(desk.shipments(order)) == 1


def test_news_that_cannot_be_read_are_set_aside_and_the_others_go_on(desk):
    bad = desk.order([("MUG", 1)])
    desk.say("orders.order.confirmed", bad["id"], {"id": bad["id"], "status": "confirmed"})
    good = desk.confirm([("MUG", 1)])
    desk.shipment(good, "pending")
    letters = eventually(lambda: desk.api.get("/v1/dead-letters").expect(200)["data"])
    assert [each["code"] for each in letters] == ["event.invalid"]
    # the neighbour's answer to our complaint: the same word, well said
    desk.say("orders.order.confirmed", bad["id"], bad, version=1)
    desk.shipment(bad, "pending")


def test_of_news_that_nobody_reads_the_data_may_be_anything_and_the_next_is_not_waited_for(desk):
    order = desk.order([("MUG", 1)])
    before = desk.api.get("/v1/dead-letters").expect(200)["data"]
    desk.say("orders.order.placed", order["id"], {"lines": "\"}{", "deep": {"data": {"private": [{}]}}})
    desk.say("orders.order.confirmed", order["id"], order)
    desk.shipment(order, "pending")
    assert desk.api.get("/v1/dead-letters").expect(200)["data"] == before


def test_personal_data_is_seen_by_those_who_need_it_and_masked_for_others(desk, shop):
    person = {**shop.person(), "wishes": {"card": shop.canary("Happy birthday, Aunt Mabel")}}
    order = desk.confirm([("MUG", 1)], private=person)
    shipment = desk.shipment(order)
    assert shipment["ship_to"] == person["ship_to"] and shipment["wishes"] == person["wishes"]
    seen = shop.fulfillment.as_("agent", "sue").get(f"/v1/shipments/{shipment['id']}").expect(200)
    assert person["ship_to"]["street"] not in str(seen) and person["customer"]["name"] not in str(seen)
    assert seen["ship_to"]["city"] == "Leeds"
    event, = shop.sql("fulfillment", "select data, private from event where aggregate_id = %s", shipment["id"])
    assert person["customer"]["name"] not in str(event["data"])
    assert event["private"] == {"customer": person["customer"], "ship_to": person["ship_to"]}
    # erased, it is gone and the rest works
    shop.sql("fulfillment", "update shipment set private = null where id = %s", shipment["id"])
    assert "ship_to" not in desk.see(shipment)
    desk.wave("main").expect(201)


def test_a_cancelled_order_voids_all_its_shipments_and_papers(desk):
    order = desk.confirm([("PAN", 5)], allocation=[("PAN", "east", 2), ("PAN", "west", 3)])
    eventually(lambda: len(desk.shipments(order)) == 2)
    wave = desk.wave("east").expect(201)
    east, = desk.shipments(order, warehouse="east")
    assert desk.scan(east, "nonsense").code == "scan.wrong_barcode"
    desk.cancel(order)
    eventually(lambda: {each["status"] for each in desk.shipments(order)} == {"voided"})
    assert desk.said(east["id"])[-1] == "voided"
    sort = desk.lead.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)
    assert sort["orders"] == [] and [each["shipment_id"] for each in sort["voided"]] == [east["id"]]
    assert desk.lead.get(f"/v1/waves/{wave['id']}/pick-list").expect(200)["lines"] == []
    gone, = desk.exceptions(east)
    assert gone["status"] == "resolved" and gone["resolution"] == "The order was cancelled."
    assert desk.said(gone["id"]) == ["opened", "resolved"]
    assert desk.scan(east, "PAN").code == "scan.not_expected"
    refused = desk.ship(east)
    assert refused.status == 409 and refused.code == "shipment.invalid_transition"


def test_a_packed_shipment_is_still_voided(desk):
    shipment = desk.packed([("PAN", 1)])
    desk.cancel({"id": shipment["order_id"], "number": shipment["order_number"]})
    eventually(lambda: desk.see(shipment)["status"] == "voided")


def test_a_cancellation_is_refused_once_something_has_left(desk):
    order = desk.confirm([("PAN", 2)], allocation=[("PAN", "left", 1), ("PAN", "right", 1)])
    eventually(lambda: len(desk.shipments(order)) == 2)
    desk.wave("left").expect(201)
    left, = desk.shipments(order, warehouse="left")
    desk.scan(left, "PAN").expect(201)
    desk.ship(left).expect(200)
    desk.cancel(order)
    eventually(lambda: desk.said(left["id"])[-1] == "cancel_refused")
    assert {each["warehouse"]: each["status"] for each in desk.shipments(order)} == {
        "left": "shipped", "right": "pending"}


def test_a_cancellation_of_an_order_without_shipments_is_answered_too(desk):
    order = desk.confirm([("RARE", 1)], allocation=[], allow_partial=True)
    desk.cancel(order)
    shipment = desk.shipment(order, "voided")
    assert desk.said(shipment["id"]) == ["voided"] and shipment["lines"] == []


def test_a_confirmation_and_its_cancellation_in_one_batch_end_void(desk, shop):
    shop.stop("fulfillment")
    orders = [desk.confirm([("MUG", 1)]) for _ in range(5)]
    for order in orders:
        desk.cancel(order)
    shop.start("fulfillment")
    for order in orders:
        assert desk.said(desk.shipment(order, "voided")["id"]) == ["created", "voided"]


def test_an_order_of_many_lines_becomes_one_shipment_that_can_be_told(desk):
    lines = [(f"LONG-{n:04}", 48) for n in range(700)]
    desk.product(*[sku for sku, _ in lines])
    shipment = desk.shipment(desk.confirm(lines))
    assert len(shipment["lines"]) == 700
    eventually(lambda: all(line["barcode"] != line["sku"] for line in desk.see(shipment)["lines"]))
    desk.wave("main").expect(201)
    assert desk.said(shipment["id"]) == ["created", "waved"]
