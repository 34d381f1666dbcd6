"""Fulfilment: waves, their lists, and voiding them (F-2, F-3)."""
import uuid
from datetime import datetime, timezone

import pytest

from fulfillment import Desk
from stack.client import eventually
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",), "env": {"WAVE_SHIPMENTS_MAX": "4"}}


@pytest.fixture(scope="module")
def desk(shop):
    desk = Desk(shop)
    desk.product("MUG", "CUP")
    return desk


@pytest.fixture
def warehouse():
    return unique("wh")


def confirm(desk, warehouse, *orders):
    """One shipment for each, in this order."""
    return [desk.shipment(desk.confirm(lines, warehouse=warehouse)) for lines in orders]


def pick_list(desk, wave):
    return desk.picker.get(f"/v1/waves/{wave['id']}/pick-list").expect(200)


def sort_list(desk, wave):
    return desk.picker.get(f"/v1/waves/{wave['id']}/sort-list").expect(200)


def test_a_wave_takes_what_is_pending_in_its_warehouse(desk, warehouse):
    here, there = confirm(desk, warehouse, [("MUG", 2)]), confirm(desk, unique("other"), [("MUG", 2)])
    answer = desk.wave(warehouse)
    wave = answer.expect(201)
    assert wave["number"].startswith("WV-") and wave["status"] == "open" and wave["warehouse"] == warehouse
    assert (wave["shipments"], wave["units"], wave["opened_by"]) == (1, 2, "wanda")
    assert answer.headers["Location"] == f"/v1/waves/{wave['id']}"
    assert desk.see(here[0])["status"] == "waved" and desk.see(here[0])["wave_id"] == wave["id"]
    assert desk.see(here[0])["waved_at"] and desk.see(there[0])["status"] == "pending"
    assert desk.said(here[0]["id"]) == ["created", "waved"] and desk.said(wave["id"]) == ["opened"]
    assert [each["id"] for each in desk.lead.get("/v1/shipments", params={"wave_id": wave["id"]}).json["data"]] == [
        here[0]["id"]]
    listed = desk.lead.get("/v1/waves", params={"warehouse": warehouse, "status": "open"}).json["data"]
    assert [each["id"] for each in listed] == [wave["id"]]


def test_a_wave_of_nothing_is_refused(desk, warehouse):
    refused = desk.wave(warehouse)
    assert refused.status == 409 and refused.code == "wave.empty"
    assert desk.lead.get("/v1/waves", params={"warehouse": warehouse}).json["data"] == []


def test_a_dry_run_of_a_wave_changes_nothing(desk, warehouse):
    shipment, = confirm(desk, warehouse, [("MUG", 1)])
    tried = desk.lead.post("/v1/waves?dry_run=1", {"warehouse": warehouse}).expect(201)
    assert tried["shipments"] == 1
    assert desk.see(shipment)["status"] == "pending"
    assert desk.lead.get(f"/v1/waves/{tried['id']}").status == 404


def test_the_oldest_shipments_go_first_as_many_as_a_wave_holds(desk, warehouse):
    shipments = confirm(desk, warehouse, *[[("MUG", 1)]] * 5)
    assert desk.wave(warehouse).expect(201)["shipments"] == 4
    assert [desk.see(each)["status"] for each in shipments] == ["waved"] * 4 + ["pending"]
    assert desk.wave(warehouse).expect(201)["shipments"] == 1


def test_the_pick_list_sums_each_sku_over_the_wave(desk, warehouse):
    confirm(desk, warehouse, [("MUG", 2), ("CUP", 1)], [("MUG", 3)])
    picks = pick_list(desk, desk.wave(warehouse).expect(201))
    assert picks["units"] == 6 and [
        (line["sku"], line["quantity"], line["shipments"], line["barcode"], line["title"], line["bin"])
        for line in picks["lines"]] == [("CUP", 1, 1, barcode_of("CUP"), "Mug, blue", None),
                                        ("MUG", 5, 2, barcode_of("MUG"), "Mug, blue", None)]


def test_the_sort_list_gives_each_order_a_slot(desk, warehouse):
    first, second = confirm(desk, warehouse, [("MUG", 2), ("CUP", 1)], [("MUG", 3)])
    slots = sort_list(desk, desk.wave(warehouse).expect(201))["orders"]
    assert [(slot["slot"], slot["shipment_id"], slot["order_number"]) for slot in slots] == [
        (1, first["id"], first["order_number"]), (2, second["id"], second["order_number"])]
    assert [(line["sku"], line["quantity"], line["scanned"]) for line in slots[0]["lines"]] == [
        ("CUP", 1, 0), ("MUG", 2, 0)]


def test_a_voided_wave_gives_back_what_has_not_left_and_voids_the_papers(desk, warehouse):
    left, packed, begun = confirm(desk, warehouse, [("MUG", 1)], [("MUG", 1)], [("MUG", 2)])
    wave = desk.wave(warehouse).expect(201)
    for each in (left, packed, begun):
        desk.scan(each, barcode_of("MUG")).expect(201)
    desk.ship(left).expect(200)
    voided = desk.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "printed twice"}).expect(200)
    assert voided["status"] == "voided" and voided["void_reason"] == "printed twice"
    assert [desk.see(each)["status"] for each in (left, packed, begun)] == ["shipped", "pending", "pending"]
    assert [line["scanned"] for each in (packed, begun) for line in desk.see(each)["lines"]] == [0, 0]
    assert desk.see(packed)["wave_id"] is None and desk.see(packed)["packed_at"] is None
    assert desk.said(packed["id"]) == ["created", "waved", "packed", "unwaved"]
    papers = sort_list(desk, wave)
    assert [each["shipment_id"] for each in papers["orders"]] == [left["id"]]
    assert {each["shipment_id"] for each in papers["voided"]} == {packed["id"], begun["id"]}
    assert desk.scan(packed, barcode_of("MUG")).code == "scan.not_expected"
    again = desk.wave(warehouse).expect(201)
    assert again["shipments"] == 2
    desk.scan(packed, barcode_of("MUG")).expect(201)
    assert desk.see(packed)["status"] == "packed"


def test_a_wave_is_voided_once_and_only_while_something_is_left(desk, warehouse):
    shipment, = confirm(desk, warehouse, [("MUG", 1)])
    wave = desk.wave(warehouse).expect(201)
    desk.scan(shipment, barcode_of("MUG")).expect(201)
    desk.ship(shipment).expect(200)
    refused = desk.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"})
    assert refused.status == 409 and refused.code == "wave.all_gone"
    confirm(desk, warehouse, [("MUG", 1)])
    wave = desk.wave(warehouse).expect(201)
    desk.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"}).expect(200)
    refused = desk.lead.post(f"/v1/waves/{wave['id']}/void", {"reason": "late"})
    assert refused.status == 409 and refused.code == "wave.invalid_transition"


def test_waves_are_for_those_who_lead_and_for_what_exists(desk, warehouse):
    assert desk.picker.post("/v1/waves", {"warehouse": warehouse}).status == 403
    assert desk.lead.post("/v1/waves", {}).pointers == ["/warehouse"]
    for path in ("", "/pick-list", "/sort-list"):
        assert desk.lead.get(f"/v1/waves/{uuid.uuid4()}{path}").status == 404
        assert desk.lead.get(f"/v1/waves/nothing{path}").status == 404
    assert desk.lead.post(f"/v1/waves/{uuid.uuid4()}/void", {"reason": "none"}).status == 404


def test_the_next_wave_is_the_next_of_8_12_and_16_o_clock(shop):
    for moment, zone, due in (("2010-12-01 07:59:59Z", "Europe/London", "2010-12-01 08:00Z"),
                              ("2010-12-01 08:00Z", "Europe/London", "2010-12-01 12:00Z"),
                              ("2010-12-01 15:59Z", "Europe/London", "2010-12-01 16:00Z"),
                              ("2010-12-01 16:00Z", "Europe/London", "2010-12-02 08:00Z"),
                              ("2011-07-01 07:30Z", "Europe/London", "2011-07-01 11:00Z"),
                              ("2011-03-26 20:00Z", "Europe/London", "2011-03-27 07:00Z"),
                              ("2010-12-01 23:00Z", "Asia/Shanghai", "2010-12-02 00:00Z")):
        assert shop.value("fulfillment", "select next_wave(%s, %s) = %s::timestamptz", moment, zone, due), moment


def almost_eight(seconds):
    """A time zone in which it will be 8:00 in so many seconds, as POSIX writes it (west is positive)."""
    now = datetime.now(timezone.utc)
    west = now.hour * 3600 + now.minute * 60 + now.second + seconds - 8 * 3600
    hours, rest = divmod(abs(west), 3600)
    return f"TST{'-' if west < 0 else '+'}{hours:02}:{rest // 60:02}:{rest % 60:02}"


def test_the_clock_opens_waves_for_every_warehouse_until_nothing_waits(open_shop):
    shop = open_shop(services=("fulfillment",), instances=2, env={"WAVE_SHIPMENTS_MAX": "4"})
    desk = Desk(shop)
    one, two = confirm(desk, "one", *[[("MUG", 1)]] * 5), confirm(desk, "two", [("MUG", 1)])
    shop.restart("fulfillment", env={"SHOP_TIME_ZONE": almost_eight(4)})
    eventually(lambda: {desk.see(each)["status"] for each in one + two} == {"waved"}, 20)
    waves = desk.lead.get("/v1/waves").expect(200)["data"]
    assert sorted((each["warehouse"], each["shipments"]) for each in waves) == [("one", 1), ("one", 4), ("two", 1)]
    assert {each["opened_by"] for each in waves} == {"waves"}


def test_what_waits_for_a_wave_is_work_of_the_lead(desk, warehouse):
    shipments = confirm(desk, warehouse, [("MUG", 1)], [("CUP", 1)])
    mine = [each for each in desk.lead.get("/v1/work").expect(200)["data"] if warehouse in each["title"]]
    assert [(each["kind"], each["title"]) for each in mine] == [("wave", f"2 shipments wait for a wave in {warehouse}")]
    assert mine[0]["due_at"] == min(each["wave_by"] for each in shipments)
    desk.wave(warehouse).expect(201)
    todo = {each["id"]: each["kind"] for each in desk.picker.get("/v1/work").expect(200)["data"]}
    assert all(todo[each["id"]] == "scan" for each in shipments)
    desk.scan(shipments[0], barcode_of("MUG")).expect(201)
    eventually(lambda: shipments[0]["id"] not in str(desk.picker.get("/v1/work").json))
    lead = {each["id"]: each["kind"] for each in desk.lead.get("/v1/work").expect(200)["data"]}
    assert lead[shipments[0]["id"]] == "ship"
