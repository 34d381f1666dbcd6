"""Waves: opening, pick and sort lists, voiding (F-2, F-3)."""
import uuid
from datetime import datetime, timezone

import pytest

from outbound import Outbound
from stack.client import eventually
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",), "env": {"WAVE_SHIPMENTS_MAX": "4"}}


@pytest.fixture(scope="module")
def outbound(shop):
    outbound = Outbound(shop)
    outbound.publisher.product(("MUG", 100, {"title": "blue"}), ("CUP", 100, {"title": "blue"}), title="Mug")
    return outbound


@pytest.fixture
def warehouse():
    return unique("wh")


def confirm(outbound, warehouse, *orders):
    """One pending shipment for each order, in this order."""
    return [outbound.shipment(outbound.confirm(lines, warehouse=warehouse)) for lines in orders]


def pick_list(outbound, wave):
    return outbound.picker.get(f"/v1/waves/{wave['id']}/pick-list").expect(200)


def sort_list(outbound, wave):
    return outbound.picker.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)


def test_a_wave_takes_the_pending_shipments_of_its_warehouse(outbound, warehouse):
    here, there = confirm(outbound, warehouse, [("MUG", 2)]), confirm(outbound, unique("other"), [("MUG", 2)])
    answer = outbound.wave(warehouse)
    wave = answer.expect(201)
    assert wave["number"].startswith("WV-") and wave["status"] == "open" and wave["warehouse"] == warehouse
    assert (wave["shipments"], wave["units"], wave["opened_by"]) == (1, 2, "wanda")
    assert answer.headers["Location"] == f"/v1/waves/{wave['id']}"
    assert outbound.read(here[0])["status"] == "waved" and outbound.read(here[0])["wave_id"] == wave["id"]
    assert outbound.read(here[0])["waved_at"] and outbound.read(there[0])["status"] == "pending"
    assert outbound.events(here[0]["id"]) == ["created", "waved"] and outbound.events(wave["id"]) == ["opened"]
    assert [each["id"] for each in outbound.lead.get("/v1/shipments", params={"wave_id": wave["id"]}).json["data"]] == [
        here[0]["id"]]
    listed = outbound.lead.get("/v1/waves", params={"warehouse": warehouse, "status": "open"}).json["data"]
    assert [each["id"] for each in listed] == [wave["id"]]


def test_an_empty_wave_is_refused(outbound, warehouse):
    refused = outbound.wave(warehouse)
    assert refused.status == 409 and refused.code == "wave.empty"
    assert outbound.lead.get("/v1/waves", params={"warehouse": warehouse}).json["data"] == []


def test_a_dry_run_of_a_wave_changes_nothing(outbound, warehouse):
    shipment, = confirm(outbound, warehouse, [("MUG", 1)])
    tried = outbound.lead.post("/v1/waves?dry_run=1", {"warehouse": warehouse}).expect(201)
    assert tried["shipments"] == 1
    assert outbound.read(shipment)["status"] == "pending"
    assert outbound.lead.get(f"/v1/waves/{tried['id']}").status == 404


def test_the_oldest_shipments_come_first_up_to_the_size_of_a_wave(outbound, warehouse):
    shipments = confirm(outbound, warehouse, *[[("MUG", 1)]] * 5)
    assert outbound.wave(warehouse).expect(201)["shipments"] == 4
    assert [outbound.read(each)["status"] for each in shipments] == ["waved"] * 4 + ["pending"]
    assert outbound.wave(warehouse).expect(201)["shipments"] == 1


def test_the_pick_list_sums_each_sku_over_the_wave(outbound, warehouse):
    confirm(outbound, warehouse, [("MUG", 2), ("CUP", 1)], [("MUG", 3)])
    picks = pick_list(outbound, outbound.wave(warehouse).expect(201))
    assert picks["units"] == 6 and [
        (line["sku"], line["quantity"], line["shipments"], line["barcode"], line["title"], line["bin"])
        for line in picks["lines"]] == [("CUP", 1, 1, barcode_of("CUP"), "Mug, blue", None),
                                        ("MUG", 5, 2, barcode_of("MUG"), "Mug, blue", None)]


def test_the_sort_list_gives_each_order_a_slot(outbound, warehouse):
    first, second = confirm(outbound, warehouse, [("MUG", 2), ("CUP", 1)], [("MUG", 3)])
    slots = sort_list(outbound, outbound.wave(warehouse).expect(201))["orders"]
    assert [(slot["slot"], slot["shipment_id"], slot["order_number"]) for slot in slots] == [
        (1, first["id"], first["order_number"]), (2, second["id"], second["order_number"])]
    assert [(line["sku"], line["quantity"], line["scanned"]) for line in slots[0]["lines"]] == [
        ("CUP", 1, 0), ("MUG", 2, 0)]


def test_a_voided_wave_returns_unshipped_shipments_and_voids_its_documents(outbound, warehouse):
    left, packed, begun = confirm(outbound, warehouse, [("MUG", 1)], [("MUG", 1)], [("MUG", 2)])
    wave = outbound.wave(warehouse).expect(201)
    for each in (left, packed, begun):
        outbound.scan(each, barcode_of("MUG")).expect(201)
    outbound.ship(left).expect(200)
    voided = outbound.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "printed twice"}).expect(200)
    assert voided["status"] == "voided" and voided["void_reason"] == "printed twice"
    assert [outbound.read(each)["status"] for each in (left, packed, begun)] == ["shipped", "pending", "pending"]
    assert [line["scanned"] for each in (packed, begun) for line in outbound.read(each)["lines"]] == [0, 0]
    assert outbound.read(packed)["wave_id"] is None and outbound.read(packed)["packed_at"] is None
    assert outbound.events(packed["id"]) == ["created", "waved", "packed", "unwaved"]
    papers = sort_list(outbound, wave)
    assert [each["shipment_id"] for each in papers["orders"]] == [left["id"]]
    assert {each["shipment_id"] for each in papers["voided"]} == {packed["id"], begun["id"]}
    assert outbound.scan(packed, barcode_of("MUG")).code == "scan.not_expected"
    again = outbound.wave(warehouse).expect(201)
    assert again["shipments"] == 2
    outbound.scan(packed, barcode_of("MUG")).expect(201)
    assert outbound.read(packed)["status"] == "packed"


def test_a_wave_is_voided_once_and_only_while_it_has_unshipped_shipments(outbound, warehouse):
    shipment, = confirm(outbound, warehouse, [("MUG", 1)])
    wave = outbound.wave(warehouse).expect(201)
    outbound.scan(shipment, barcode_of("MUG")).expect(201)
    outbound.ship(shipment).expect(200)
    refused = outbound.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"})
    assert refused.status == 409 and refused.code == "wave.all_gone"
    confirm(outbound, warehouse, [("MUG", 1)])
    wave = outbound.wave(warehouse).expect(201)
    outbound.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"}).expect(200)
    refused = outbound.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"})
    assert refused.status == 409 and refused.code == "wave.invalid_transition"


def test_waves_need_the_lead_role_and_an_existing_warehouse(outbound, warehouse):
    assert outbound.picker.post("/v1/waves", {"warehouse": warehouse}).status == 403
    assert outbound.lead.post("/v1/waves", {}).pointers == ["/warehouse"]
    for path in ("", "/pick-list", "/sort-list"):
        assert outbound.lead.get(f"/v1/waves/{uuid.uuid4()}{path}").status == 404
        assert outbound.lead.get(f"/v1/waves/nothing{path}").status == 404
    assert outbound.lead.post(f"/v1/waves/{uuid.uuid4()}/void", {"reason": "none"}).status == 404


def test_scheduled_waves_open_at_8_12_and_16_o_clock(shop):
    for moment, zone, due in (("2010-12-01 07:59:59Z", "Europe/London", "2010-12-01 08:00Z"),
                              ("2010-12-01 08:00Z", "Europe/London", "2010-12-01 12:00Z"),
                              ("2010-12-01 15:59Z", "Europe/London", "2010-12-01 16:00Z"),
                              ("2010-12-01 16:00Z", "Europe/London", "2010-12-02 08:00Z"),
                              ("2011-07-01 07:30Z", "Europe/London", "2011-07-01 11:00Z"),
                              ("2011-03-26 20:00Z", "Europe/London", "2011-03-27 07:00Z"),
                              ("2010-12-01 23:00Z", "Asia/Shanghai", "2010-12-02 00:00Z")):
        assert shop.value("fulfillment", "select next_wave(%s, %s) = %s::timestamptz", moment, zone, due), moment


def almost_eight(seconds):
    """A POSIX time zone in which it will be 8:00 in a number of seconds (west is positive)."""
    now = datetime.now(timezone.utc)
    west = now.hour * 3600 + now.minute * 60 + now.second + seconds - 8 * 3600
    hours, rest = divmod(abs(west), 3600)
    return f"TST{'-' if west < 0 else '+'}{hours:02}:{rest // 60:02}:{rest % 60:02}"


def test_the_schedule_opens_waves_for_every_warehouse_until_none_is_pending(open_shop):
    shop = open_shop(services=("fulfillment",), instances=2, env={"WAVE_SHIPMENTS_MAX": "4"})
    outbound = Outbound(shop)
    one, two = confirm(outbound, "one", *[[("MUG", 1)]] * 5), confirm(outbound, "two", [("MUG", 1)])
    shop.restart("fulfillment", env={"SHOP_TIME_ZONE": almost_eight(4)})
    eventually(lambda: {outbound.read(each)["status"] for each in one + two} == {"waved"}, 20)
    waves = outbound.lead.get("/v1/waves").expect(200)["data"]
    assert sorted((each["warehouse"], each["shipments"]) for each in waves) == [("one", 1), ("one", 4), ("two", 1)]
    assert {each["opened_by"] for each in waves} == {"waves"}


def test_pending_shipments_are_on_the_work_list_of_the_lead(outbound, warehouse):
    shipments = confirm(outbound, warehouse, [("MUG", 1)], [("CUP", 1)])
    mine = [each for each in outbound.lead.get("/v1/work").expect(200)["data"] if warehouse in each["title"]]
    assert [(each["kind"], each["title"]) for each in mine] == [("wave", f"2 shipments wait for a wave in {warehouse}")]
    assert mine[0]["due_at"] == min(each["wave_by"] for each in shipments)
    outbound.wave(warehouse).expect(201)
    todo = {each["id"]: each["kind"] for each in outbound.picker.get("/v1/work").expect(200)["data"]}
    assert all(todo[each["id"]] == "scan" for each in shipments)
    outbound.scan(shipments[0], barcode_of("MUG")).expect(201)
    eventually(lambda: shipments[0]["id"] not in str(outbound.picker.get("/v1/work").json))
    lead = {each["id"]: each["kind"] for each in outbound.lead.get("/v1/work").expect(200)["data"]}
    assert lead[shipments[0]["id"]] == "ship"
