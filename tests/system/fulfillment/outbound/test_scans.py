"""Fulfilment: every unit is scanned, every attempt is kept, nothing leaves while an exception is open (F-6, F-7, F-9)."""
import uuid

import pytest

from fulfillment import Desk
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",)}
MUG, CUP = barcode_of("MUG"), barcode_of("CUP")


@pytest.fixture(scope="module")
def desk(shop):
    desk = Desk(shop)
    desk.product("MUG", "CUP")
    return desk


def refused(answer, code):
    assert answer.status == 409 and answer.code == code, answer
    return answer


# --- scanning -------------------------------------------------------------------------------------


def test_the_last_unit_scanned_packs_the_shipment(desk):
    shipment = desk.waved([("MUG", 2), ("CUP", 1)])
    first = desk.scan(shipment, MUG).expect(201)
    assert {name: first[name] for name in ("result", "sku", "scanned", "quantity", "shipment_status")} == {
        "result": "ok", "sku": "MUG", "scanned": 1, "quantity": 2, "shipment_status": "waved"}
    assert desk.scan(shipment, CUP).expect(201)["shipment_status"] == "waved"
    assert desk.scan(shipment, MUG).expect(201)["shipment_status"] == "packed"
    packed = desk.see(shipment)
    assert packed["status"] == "packed" and packed["packed_at"] and packed["allowed_actions"] == []
    assert desk.lead.get(f"/v1/shipments/{shipment['id']}").json["allowed_actions"] == ["ship"]
    assert desk.said(shipment["id"]) == ["created", "waved", "packed"] and desk.evidence(shipment) == ["ok"] * 3
    rows = desk.picker.get(f"/v1/shipments/{shipment['id']}/scans").expect(200)["data"]
    assert {row["operator"] for row in rows} == {"pia"} and all(row["at"] for row in rows)


def test_a_cached_shipment_never_hides_a_scan(desk):
    """Scans are told by no event, so the version stays: an answer of 304 would hide them."""
    shipment = desk.waved([("MUG", 2)])
    link = f"/v1/shipments/{shipment['id']}"
    tag = desk.picker.get(link).headers["ETag"]
    desk.scan(shipment, MUG).expect(201)
    assert desk.picker.get(link, headers={"If-None-Match": tag}).expect(200)["lines"][0]["scanned"] == 1
    assert desk.lead.post(link + "/ship", {"carrier": "x", "tracking_number": "y"}, headers={"If-Match": tag}).code == (
        "shipment.not_packed")


def test_several_units_are_scanned_at_once(desk):
    shipment = desk.waved([("MUG", 5)])
    assert desk.scan(shipment, MUG, 3).expect(201)["scanned"] == 3
    assert desk.scan(shipment, MUG, 2).expect(201)["shipment_status"] == "packed"


def test_a_wrong_barcode_is_refused_kept_and_opens_an_exception(desk):
    shipment = desk.waved([("MUG", 1)])
    refused(desk.scan(shipment, CUP), "scan.wrong_barcode")
    refused(desk.scan(shipment, "0000"), "scan.wrong_barcode")
    assert desk.evidence(shipment) == ["wrong_barcode"] * 2
    found, = desk.exceptions(shipment)
    assert (found["kind"], found["status"], found["shipment_number"]) == ("wrong_barcode", "open", shipment["number"])
    assert CUP in found["detail"] and found["due_at"] and desk.said(found["id"]) == ["opened"]
    assert desk.see(shipment)["open_exceptions"] == 1 and desk.see(shipment)["lines"][0]["scanned"] == 0


def test_what_is_complete_is_not_scanned_again(desk):
    shipment = desk.waved([("MUG", 1), ("CUP", 1)])
    desk.scan(shipment, MUG).expect(201)
    refused(desk.scan(shipment, MUG), "scan.already_complete")
    desk.scan(shipment, CUP).expect(201)
    refused(desk.scan(shipment, CUP), "scan.already_complete")
    assert desk.evidence(shipment) == ["ok", "already_complete", "ok", "already_complete"]
    assert [each["kind"] for each in desk.exceptions(shipment, status="open")] == ["already_complete"]


def test_more_units_than_are_missing_are_refused(desk):
    shipment = desk.waved([("MUG", 3)])
    desk.scan(shipment, MUG, 2).expect(201)
    refused(desk.scan(shipment, MUG, 2), "scan.over_quantity")
    assert desk.see(shipment)["lines"][0]["scanned"] == 2
    assert [each["kind"] for each in desk.exceptions(shipment)] == ["over_quantity"]
    assert desk.scan(shipment, MUG).expect(201)["shipment_status"] == "packed"


def test_a_shipment_that_is_not_in_a_wave_is_not_scanned(desk):
    pending = desk.shipment(desk.confirm([("MUG", 1)], warehouse=unique("wh")))
    refused(desk.scan(pending, MUG), "scan.not_expected")
    gone = desk.shipped([("MUG", 1)])
    refused(desk.scan(gone, MUG), "scan.not_expected")
    assert desk.evidence(pending) == ["not_expected"] and desk.evidence(gone) == ["ok", "not_expected"]
    assert desk.exceptions(pending) == desk.exceptions(gone) == []


def test_a_scan_cannot_be_forced_and_its_faults_are_named(desk):
    shipment = desk.waved([("MUG", 1)])
    path = f"/v1/shipments/{shipment['id']}/scans"
    assert desk.picker.post(path, {"barcode": CUP, "force": True}).pointers == ["/force"]
    assert desk.picker.post(path, {"barcode": "a b", "quantity": 0}).pointers == ["/barcode", "/quantity"]
    assert desk.picker.post(path, {"barcode": MUG, "quantity": -1}).status == 422
    assert desk.evidence(shipment) == []
    assert desk.picker.post(f"/v1/shipments/{uuid.uuid4()}/scans", {"barcode": MUG}).status == 404
    assert desk.picker.post("/v1/shipments/7/scans", {"barcode": MUG}).status == 404
    assert desk.shop.fulfillment.as_("agent", "sue").post(path, {"barcode": MUG}).status == 403


def test_a_refused_scan_sent_again_is_one_piece_of_evidence(desk):
    shipment = desk.waved([("MUG", 1)])
    first = refused(desk.scan(shipment, CUP, key="again-" + shipment["id"]), "scan.wrong_barcode")
    again = refused(desk.scan(shipment, CUP, key="again-" + shipment["id"]), "scan.wrong_barcode")
    assert again.text == first.text and again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert desk.evidence(shipment) == ["wrong_barcode"]
    good = desk.scan(shipment, MUG, key="good-" + shipment["id"])
    assert desk.scan(shipment, MUG, key="good-" + shipment["id"]).text == good.text
    assert desk.evidence(shipment) == ["wrong_barcode", "ok"]


def test_a_dry_run_of_a_refused_scan_leaves_no_trace(desk):
    shipment = desk.waved([("MUG", 1)])
    answer = desk.picker.post(f"/v1/shipments/{shipment['id']}/scans?dry_run=1", {"barcode": CUP})
    refused(answer, "scan.wrong_barcode")
    assert desk.evidence(shipment) == [] and desk.exceptions(shipment) == []


def test_refused_scans_can_be_reviewed_over_all_shipments(desk):
    shipment = desk.waved([("MUG", 1)])
    desk.scan(shipment, CUP)
    found = desk.lead.get("/v1/scans", params={"result": "wrong_barcode", "operator": "pia"}).expect(200)["data"]
    assert found[0]["shipment_id"] == shipment["id"] and found[0]["barcode"] == CUP


def test_a_new_label_counts_from_the_moment_catalog_tells_of_it(desk):
    product = desk.product(("LABEL", "old-label"))
    shipment = desk.waved([("LABEL", 2)])
    desk.shop.settle()
    desk.scan(shipment, "old-label").expect(201)
    desk.product(("LABEL", "new-label"), id=product)
    desk.shop.settle()
    refused(desk.scan(shipment, "old-label"), "scan.wrong_barcode")
    assert desk.scan(shipment, "new-label").expect(201)["shipment_status"] == "packed"


# --- exceptions -------------------------------------------------------------------------------------


def test_nothing_leaves_while_an_exception_is_open(desk):
    shipment = desk.waved([("MUG", 1)])
    desk.scan(shipment, CUP)
    desk.scan(shipment, MUG).expect(201)
    no = refused(desk.ship(shipment), "shipment.exception_open")
    assert "wrong_barcode" in no.json["detail"]
    found, = desk.exceptions(shipment, status="open")
    assert found["id"] in str(desk.lead.get("/v1/work").json)
    assert desk.lead.post(f"/v1/exceptions/{found['id']}/assign", {"owner": "olga"}).expect(200)["owner"] == "olga"
    done = desk.resolve(found, "put back").expect(200)
    assert (done["status"], done["resolution"], done["resolved_by"]) == ("resolved", "put back", "wanda")
    assert desk.said(found["id"]) == ["opened", "assigned", "resolved"]
    assert found["id"] not in str(desk.lead.get("/v1/work").json)
    assert desk.ship(shipment).expect(200)["status"] == "shipped"


def test_an_exception_is_resolved_once_with_a_resolution_by_a_lead(desk):
    shipment = desk.waved([("MUG", 1)])
    desk.scan(shipment, CUP)
    found, = desk.exceptions(shipment)
    path = f"/v1/exceptions/{found['id']}/resolve"
    assert desk.lead.post(path, {}).pointers == ["/resolution"]
    assert desk.picker.post(path, {"resolution": "mine"}).status == 403
    assert desk.lead.post(f"/v1/exceptions/{uuid.uuid4()}/resolve", {"resolution": "none"}).status == 404
    assert desk.lead.post(path, {"resolution": "done"}, headers={"If-Match": '"v7"'}).status == 412
    desk.resolve(found).expect(200)
    refused(desk.resolve(found), "exception.invalid_transition")


def test_after_its_resolution_the_same_fault_opens_a_new_exception(desk):
    shipment = desk.waved([("MUG", 1)])
    desk.scan(shipment, CUP)
    desk.resolve(desk.exceptions(shipment)[0]).expect(200)
    desk.scan(shipment, CUP)
    assert sorted(each["status"] for each in desk.exceptions(shipment)) == ["open", "resolved"]


# --- shipping ---------------------------------------------------------------------------------------


def test_a_shipment_ships_with_carrier_and_tracking_number(desk):
    shipment = desk.packed([("MUG", 1)])
    number = unique("RM")
    shipped = desk.ship(shipment, tracking_number=number).expect(200)
    assert (shipped["status"], shipped["carrier"], shipped["tracking_number"]) == ("shipped", "royal-mail", number)
    assert shipped["shipped_at"] and desk.said(shipment["id"])[-1] == "shipped"
    event, = desk.shop.sql("fulfillment", "select data from event where aggregate_id = %s and type like '%%.shipped'",
                           shipment["id"])
    assert set(event["data"]) == {"id", "number", "order_id", "order_number", "status", "warehouse", "carrier",
                                  "tracking_number", "shipped_at", "delivered_at", "lines"}
    assert event["data"]["lines"] == [{"sku": "MUG", "barcode": MUG, "quantity": 1, "scanned": 1}]
    found = desk.lead.get("/v1/shipments", params={"carrier": "royal-mail", "tracking_number": number}).json["data"]
    assert [each["id"] for each in found] == [shipment["id"]]


def test_a_shipment_ships_only_when_every_unit_is_scanned(desk):
    pending = desk.shipment(desk.confirm([("MUG", 1)], warehouse=unique("wh")))
    refused(desk.ship(pending), "shipment.not_packed")
    shipment = desk.waved([("MUG", 2)])
    desk.scan(shipment, MUG).expect(201)
    assert "1 unit" in refused(desk.ship(shipment), "shipment.not_packed").json["detail"]


def test_a_tracking_number_is_of_one_parcel(desk):
    one, two = desk.packed([("MUG", 1)]), desk.packed([("MUG", 1)])
    number = unique("RM")
    desk.ship(one, tracking_number=number).expect(200)
    refused(desk.ship(two, tracking_number=number), "shipment.tracking_number_used")
    assert desk.see(two)["status"] == "packed"
    desk.ship(two, carrier="other-post", tracking_number=number).expect(200)


def test_a_shipment_ships_once(desk):
    shipment = desk.shipped([("MUG", 1)])
    refused(desk.ship(shipment, tracking_number=unique("RM")), "shipment.invalid_transition")
    again = desk.packed([("MUG", 1)])
    first = desk.ship(again, key="ship-" + again["id"])
    assert desk.ship(again, key="ship-" + again["id"]).text == first.text
    assert desk.said(again["id"]).count("shipped") == 1


def test_shipping_is_checked(desk):
    shipment = desk.packed([("MUG", 1)])
    path = f"/v1/shipments/{shipment['id']}/ship"
    assert desk.lead.post(path, {}).pointers == ["/carrier", "/tracking_number"]
    assert desk.picker.post(path, {"carrier": "x", "tracking_number": "y"}).status == 403
    stale = desk.lead.post(path, {"carrier": "x", "tracking_number": "y"}, headers={"If-Match": '"v1"'})
    assert stale.status == 412 and stale.code == "version.conflict"
    assert desk.ship({"id": str(uuid.uuid4())}).status == 404
