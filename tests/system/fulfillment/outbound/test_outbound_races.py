"""Fulfilment: many hands at once, with three instances."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fulfillment import Desk
from stack.client import eventually
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",), "instances": 3}
MUG, CUP = barcode_of("MUG"), barcode_of("CUP")


@pytest.fixture(scope="module")
def desk(shop):
    desk = Desk(shop)
    desk.product("MUG", "CUP")
    return desk


def at_once(*calls):
    """Run them together; their results in order."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(run, call) for call in calls]]


def test_eight_hands_on_one_shipment_never_scan_more_than_it_needs(desk):
    shipment = desk.waved([("MUG", 20), ("CUP", 3)])

    def hand():
        return [desk.scan(shipment, code) for code in [MUG] * 4 + [CUP]]

    answers = [each for some in at_once(*[hand] * 8) for each in some]
    assert sorted({each.status for each in answers}) == [201, 409]
    assert {each.code for each in answers if each.status == 409} == {"scan.already_complete"}
    assert sum(each.status == 201 for each in answers) == 23
    done = desk.see(shipment)
    assert done["status"] == "packed" and {line["sku"]: line["scanned"] for line in done["lines"]} == {"MUG": 20, "CUP": 3}
    kept = desk.shop.sql("fulfillment", "select result, count(*) as n from scan where shipment_id = %s group by 1",
                         shipment["id"])
    assert {row["result"]: row["n"] for row in kept} == {"ok": 23, "already_complete": 17}
    assert len(desk.exceptions(shipment)) == 1 and desk.said(shipment["id"]).count("packed") == 1
    assert [each.json["shipment_status"] for each in answers if each.status == 201].count("packed") == 1


def test_one_key_scanned_from_eight_hands_counts_once(desk):
    shipment = desk.waved([("MUG", 8)])
    answers = at_once(*[lambda: desk.scan(shipment, MUG, key="one-" + shipment["id"])] * 8)
    assert {each.status for each in answers} <= {201, 503}
    assert desk.see(shipment)["lines"][0]["scanned"] == 1 and desk.evidence(shipment) == ["ok"]


def test_waves_opened_at_once_never_take_a_shipment_twice(desk):
    warehouse = unique("wh")
    orders = [desk.confirm([("MUG", 1)], warehouse=warehouse) for _ in range(40)]
    shipments = [desk.shipment(order) for order in orders]
    answers = at_once(*[lambda: desk.wave(warehouse)] * 6)
    opened = [each.json for each in answers if each.status == 201]
    assert {each.code for each in answers if each.status != 201} <= {"wave.empty"}
    assert sum(each["shipments"] for each in opened) == 40
    papers = [slot["shipment_id"] for wave in opened
              for slot in desk.lead.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)["orders"]]
    assert sorted(papers) == sorted(each["id"] for each in shipments)
    assert all(desk.said(each["id"]) == ["created", "waved"] for each in shipments)


def test_of_shipping_and_cancelling_exactly_one_wins(desk):
    outcomes = set()
    for _ in range(12):
        shipment = desk.packed([("MUG", 1)])
        order = {"id": shipment["order_id"], "number": shipment["order_number"]}
        answer, _ = at_once(lambda: desk.ship(shipment), lambda: desk.cancel(order))
        eventually(lambda: desk.said(shipment["id"])[-1] in ("voided", "cancel_refused"))
        said, status = desk.said(shipment["id"]), desk.see(shipment)["status"]
        if answer.status == 200:
            assert status == "shipped" and said[-2:] == ["shipped", "cancel_refused"]
        else:
            assert answer.code == "shipment.invalid_transition" and status == "voided"
            assert said[-2:] == ["packed", "voided"]
        outcomes.add(status)
    assert outcomes <= {"shipped", "voided"}


def test_of_voiding_a_wave_and_its_last_scan_exactly_one_wins(desk):
    for _ in range(6):
        shipment = desk.waved([("MUG", 1)])
        wave = shipment["wave_id"]
        scan, void = at_once(lambda: desk.scan(shipment, MUG),
                             lambda: desk.lead.post(f"/v1/waves/{wave}/void", {"reason": "race"}))
        void.expect(200)
        seen = desk.see(shipment)
        assert seen["status"] == "pending" and seen["lines"][0]["scanned"] == 0
        assert scan.status == 201 or scan.code == "scan.not_expected"


def test_one_tracking_number_wanted_by_many_goes_to_one(desk):
    number, shipments = unique("RM"), [desk.packed([("MUG", 1)]) for _ in range(5)]
    answers = at_once(*[lambda each=each: desk.ship(each, tracking_number=number) for each in shipments])
    assert sorted(each.status for each in answers) == [200, 409, 409, 409, 409]
    assert {each.code for each in answers if each.status == 409} == {"shipment.tracking_number_used"}


def test_a_delivery_told_from_many_sides_is_one(desk):
    shipment = desk.shipped([("MUG", 1)])
    answers = at_once(*[lambda n=n: desk.track(shipment, "delivered", -n // 2) for n in range(8)])
    assert {each.status for each in answers} == {201}
    assert desk.said(shipment["id"]).count("delivered") == 1


def test_stock_that_comes_in_pieces_is_shipped_once(desk):
    """Each news of the order is seen by another instance maybe, and all tell of what is allocated in all."""
    order = desk.confirm([("MUG", 30)], allocation=[("MUG", "main", 1)], allow_partial=True)
    for quantity in range(2, 31):
        desk.news(order, "stock_changed", allocation=[{"sku": "MUG", "warehouse": "main", "quantity": quantity}])
    desk.shop.settle()
    eventually(lambda: sum(line["quantity"] for each in desk.shipments(order) for line in each["lines"]) == 30)


def test_a_killed_instance_leaves_nothing_half_done(desk, shop):
    warehouse = unique("wh")
    orders = [desk.confirm([("MUG", 1), ("CUP", 1)], warehouse=warehouse) for _ in range(60)]
    shop.kill("fulfillment", 1)
    shop.start("fulfillment", 1)
    # what the dead one had in hand is given to others when its time is over (30 seconds)
    eventually(lambda: all(desk.shipments(order) for order in orders), 60)
    for order in orders:
        assert {line["sku"]: line["quantity"] for line in desk.shipment(order)["lines"]} == {"MUG": 1, "CUP": 1}
