"""Concurrent pickers and events, with three instances."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from outbound import Outbound
from stack.client import eventually
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",), "instances": 3}
MUG, CUP = barcode_of("MUG"), barcode_of("CUP")


@pytest.fixture(scope="module")
def outbound(shop):
    outbound = Outbound(shop)
    outbound.publisher.product("MUG", "CUP")
    return outbound


def at_once(*calls):
    """Run calls concurrently; their results in order."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(run, call) for call in calls]]


def test_eight_pickers_on_one_shipment_never_scan_more_than_it_needs(outbound):
    shipment = outbound.waved([("MUG", 20), ("CUP", 3)])

    def hand():
        return [outbound.scan(shipment, code) for code in [MUG] * 4 + [CUP]]

    answers = [each for some in at_once(*[hand] * 8) for each in some]
    assert sorted({each.status for each in answers}) == [201, 409]
    assert {each.code for each in answers if each.status == 409} == {"scan.already_complete"}
    assert sum(each.status == 201 for each in answers) == 23
    done = outbound.read(shipment)
    assert done["status"] == "packed" and {line["sku"]: line["scanned"] for line in done["lines"]} == {"MUG": 20, "CUP": 3}
    kept = outbound.shop.sql("fulfillment", "select result, count(*) as n from scan where shipment_id = %s group by 1",
                         shipment["id"])
    assert {row["result"]: row["n"] for row in kept} == {"ok": 23, "already_complete": 17}
    assert len(outbound.exceptions(shipment)) == 1 and outbound.events(shipment["id"]).count("packed") == 1
    assert [each.json["shipment_status"] for each in answers if each.status == 201].count("packed") == 1


def test_one_key_scanned_by_eight_pickers_counts_once(outbound):
    shipment = outbound.waved([("MUG", 8)])
    answers = at_once(*[lambda: outbound.scan(shipment, MUG, key="one-" + shipment["id"])] * 8)
    assert {each.status for each in answers} <= {201, 503}
    assert outbound.read(shipment)["lines"][0]["scanned"] == 1 and outbound.scan_results(shipment) == ["ok"]


def test_concurrent_waves_never_take_a_shipment_twice(outbound):
    warehouse = unique("wh")
    orders = [outbound.confirm([("MUG", 1)], warehouse=warehouse) for _ in range(40)]
    shipments = [outbound.shipment(order) for order in orders]
    answers = at_once(*[lambda: outbound.wave(warehouse)] * 6)
    opened = [each.json for each in answers if each.status == 201]
    assert {each.code for each in answers if each.status != 201} <= {"wave.empty"}
    assert sum(each["shipments"] for each in opened) == 40
    papers = [slot["shipment_id"] for wave in opened
              for slot in outbound.lead.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)["orders"]]
    assert sorted(papers) == sorted(each["id"] for each in shipments)
    assert all(outbound.events(each["id"]) == ["created", "waved"] for each in shipments)


def test_of_a_concurrent_shipping_and_cancellation_exactly_one_succeeds(outbound):
    outcomes = set()
    for _ in range(12):
        shipment = outbound.packed([("MUG", 1)])
        order = {"id": shipment["order_id"], "number": shipment["order_number"]}
        answer, _ = at_once(lambda: outbound.ship(shipment), lambda: outbound.cancel(order))
        eventually(lambda: outbound.events(shipment["id"])[-1] in ("voided", "cancel_refused"))
        response, status = outbound.events(shipment["id"]), outbound.read(shipment)["status"]
        if answer.status == 200:
            assert status == "shipped" and response[-2:] == ["shipped", "cancel_refused"]
        else:
            assert answer.code == "shipment.invalid_transition" and status == "voided"
            assert response[-2:] == ["packed", "voided"]
        outcomes.add(status)
    assert outcomes <= {"shipped", "voided"}


def test_of_voiding_a_wave_and_its_last_scan_exactly_one_succeeds(outbound):
    for _ in range(6):
        shipment = outbound.waved([("MUG", 1)])
        wave = shipment["wave_id"]
        scan, void = at_once(lambda: outbound.scan(shipment, MUG),
                             lambda: outbound.lead.post(f"/v1/waves/{wave}/void", {"reason": "race"}))
        void.expect(200)
        seen = outbound.read(shipment)
        assert seen["status"] == "pending" and seen["lines"][0]["scanned"] == 0
        assert scan.status == 201 or scan.code == "scan.not_expected"


def test_a_tracking_number_used_by_many_at_once_goes_to_one_shipment(outbound):
    number, shipments = unique("RM"), [outbound.packed([("MUG", 1)]) for _ in range(5)]
    answers = at_once(*[lambda each=each: outbound.ship(each, tracking_number=number) for each in shipments])
    assert sorted(each.status for each in answers) == [200, 409, 409, 409, 409]
    assert {each.code for each in answers if each.status == 409} == {"shipment.tracking_number_used"}


def test_concurrent_delivery_events_are_one_delivery(outbound):
    shipment = outbound.shipped([("MUG", 1)])
    answers = at_once(*[lambda n=n: outbound.track(shipment, "delivered", -n // 2) for n in range(8)])
    assert {each.status for each in answers} == {201}
    assert outbound.events(shipment["id"]).count("delivered") == 1


def test_stock_reserved_in_parts_is_shipped_once(outbound):
    """The events of an order may be consumed by different instances; each has the whole allocation."""
    order = outbound.confirm([("MUG", 30)], allocation=[("MUG", "main", 1)], allow_partial=True)
    for quantity in range(2, 31):
        outbound.change(order, "stock_changed", allocation=[{"sku": "MUG", "warehouse": "main", "quantity": quantity}])
    outbound.shop.settle()
    eventually(lambda: sum(line["quantity"] for each in outbound.shipments(order) for line in each["lines"]) == 30)


def test_a_killed_instance_leaves_no_partial_effect(outbound, shop):
    warehouse = unique("wh")
    orders = [outbound.confirm([("MUG", 1), ("CUP", 1)], warehouse=warehouse) for _ in range(60)]
    shop.kill("fulfillment", 1)
    shop.start("fulfillment", 1)
    # messages of the killed instance are redelivered after the ack wait (30 seconds)
    eventually(lambda: all(outbound.shipments(order) for order in orders), 60)
    for order in orders:
        assert {line["sku"]: line["quantity"] for line in outbound.shipment(order)["lines"]} == {"MUG": 1, "CUP": 1}
