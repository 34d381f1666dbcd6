"""Scans: every unit is scanned, every attempt is recorded, nothing is shipped while an exception is open (F-6, F-7, F-9)."""
import uuid

import pytest

from outbound import Outbound
from stack.workflow import barcode_of, unique

SHOP = {"services": ("fulfillment",)}
MUG, CUP = barcode_of("MUG"), barcode_of("CUP")


@pytest.fixture(scope="module")
def outbound(shop):
    outbound = Outbound(shop)
    outbound.publisher.product("MUG", "CUP")
    return outbound


def refused(answer, code):
    assert answer.status == 409 and answer.code == code, answer
    return answer


# --- scanning -------------------------------------------------------------------------------------


def test_the_last_unit_scanned_packs_the_shipment(outbound):
    shipment = outbound.waved([("MUG", 2), ("CUP", 1)])
    first = outbound.scan(shipment, MUG).expect(201)
    assert {name: first[name] for name in ("result", "sku", "scanned", "quantity", "shipment_status")} == {
        "result": "ok", "sku": "MUG", "scanned": 1, "quantity": 2, "shipment_status": "waved"}
    assert outbound.scan(shipment, CUP).expect(201)["shipment_status"] == "waved"
    assert outbound.scan(shipment, MUG).expect(201)["shipment_status"] == "packed"
    packed = outbound.read(shipment)
    assert packed["status"] == "packed" and packed["packed_at"] and packed["allowed_actions"] == []
    assert outbound.lead.get(f"/v1/shipments/{shipment['id']}").json["allowed_actions"] == ["ship"]
    assert outbound.events(shipment["id"]) == ["created", "waved", "packed"] and outbound.scan_results(shipment) == ["ok"] * 3
    rows = outbound.picker.get(f"/v1/shipments/{shipment['id']}/scans").expect(200)["data"]
    assert {row["operator"] for row in rows} == {"pia"} and all(row["at"] for row in rows)


def test_a_cached_shipment_never_hides_a_scan(outbound):
    """Scans publish no event, so the version is unchanged: a 304 response would hide them."""
    shipment = outbound.waved([("MUG", 2)])
    link = f"/v1/shipments/{shipment['id']}"
    tag = outbound.picker.get(link).headers["ETag"]
    outbound.scan(shipment, MUG).expect(201)
    assert outbound.picker.get(link, headers={"If-None-Match": tag}).expect(200)["lines"][0]["scanned"] == 1
    assert outbound.lead.post(link + "/ship", {"carrier": "x", "tracking_number": "y"}, headers={"If-Match": tag}).code == (
        "shipment.not_packed")


def test_several_units_are_scanned_at_once(outbound):
    shipment = outbound.waved([("MUG", 5)])
    assert outbound.scan(shipment, MUG, 3).expect(201)["scanned"] == 3
    assert outbound.scan(shipment, MUG, 2).expect(201)["shipment_status"] == "packed"


def test_a_wrong_barcode_is_refused_recorded_and_opens_an_exception(outbound):
    shipment = outbound.waved([("MUG", 1)])
    refused(outbound.scan(shipment, CUP), "scan.wrong_barcode")
    refused(outbound.scan(shipment, "0000"), "scan.wrong_barcode")
    assert outbound.scan_results(shipment) == ["wrong_barcode"] * 2
    found, = outbound.exceptions(shipment)
    assert (found["kind"], found["status"], found["shipment_number"]) == ("wrong_barcode", "open", shipment["number"])
    assert CUP in found["detail"] and found["due_at"] and outbound.events(found["id"]) == ["opened"]
    assert outbound.read(shipment)["open_exceptions"] == 1 and outbound.read(shipment)["lines"][0]["scanned"] == 0


def test_a_complete_line_is_not_scanned_again(outbound):
    shipment = outbound.waved([("MUG", 1), ("CUP", 1)])
    outbound.scan(shipment, MUG).expect(201)
    refused(outbound.scan(shipment, MUG), "scan.already_complete")
    outbound.scan(shipment, CUP).expect(201)
    refused(outbound.scan(shipment, CUP), "scan.already_complete")
    assert outbound.scan_results(shipment) == ["ok", "already_complete", "ok", "already_complete"]
    assert [each["kind"] for each in outbound.exceptions(shipment, status="open")] == ["already_complete"]


def test_more_units_than_are_missing_are_refused(outbound):
    shipment = outbound.waved([("MUG", 3)])
    outbound.scan(shipment, MUG, 2).expect(201)
    refused(outbound.scan(shipment, MUG, 2), "scan.over_quantity")
    assert outbound.read(shipment)["lines"][0]["scanned"] == 2
    assert [each["kind"] for each in outbound.exceptions(shipment)] == ["over_quantity"]
    assert outbound.scan(shipment, MUG).expect(201)["shipment_status"] == "packed"


def test_a_shipment_that_is_not_in_a_wave_is_not_scanned(outbound):
    pending = outbound.shipment(outbound.confirm([("MUG", 1)], warehouse=unique("wh")))
    refused(outbound.scan(pending, MUG), "scan.not_expected")
    gone = outbound.shipped([("MUG", 1)])
    refused(outbound.scan(gone, MUG), "scan.not_expected")
    assert outbound.scan_results(pending) == ["not_expected"] and outbound.scan_results(gone) == ["ok", "not_expected"]
    assert outbound.exceptions(pending) == outbound.exceptions(gone) == []


def test_a_scan_cannot_be_forced_and_its_errors_are_reported(outbound):
    shipment = outbound.waved([("MUG", 1)])
    path = f"/v1/shipments/{shipment['id']}/scans"
    assert outbound.picker.post(path, {"barcode": CUP, "force": True}).pointers == ["/force"]
    assert outbound.picker.post(path, {"barcode": "a b", "quantity": 0}).pointers == ["/barcode", "/quantity"]
    assert outbound.picker.post(path, {"barcode": MUG, "quantity": -1}).status == 422
    assert outbound.scan_results(shipment) == []
    assert outbound.picker.post(f"/v1/shipments/{uuid.uuid4()}/scans", {"barcode": MUG}).status == 404
    assert outbound.picker.post("/v1/shipments/7/scans", {"barcode": MUG}).status == 404
    assert outbound.shop.fulfillment.as_("agent", "sue").post(path, {"barcode": MUG}).status == 403


def test_a_refused_scan_sent_again_is_one_record(outbound):
    shipment = outbound.waved([("MUG", 1)])
    first = refused(outbound.scan(shipment, CUP, key="again-" + shipment["id"]), "scan.wrong_barcode")
    again = refused(outbound.scan(shipment, CUP, key="again-" + shipment["id"]), "scan.wrong_barcode")
    assert again.text == first.text and again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert outbound.scan_results(shipment) == ["wrong_barcode"]
    good = outbound.scan(shipment, MUG, key="good-" + shipment["id"])
    assert outbound.scan(shipment, MUG, key="good-" + shipment["id"]).text == good.text
    assert outbound.scan_results(shipment) == ["wrong_barcode", "ok"]


def test_a_dry_run_of_a_refused_scan_stores_nothing(outbound):
    shipment = outbound.waved([("MUG", 1)])
    answer = outbound.picker.post(f"/v1/shipments/{shipment['id']}/scans?dry_run=1", {"barcode": CUP})
    refused(answer, "scan.wrong_barcode")
    assert outbound.scan_results(shipment) == [] and outbound.exceptions(shipment) == []


def test_refused_scans_can_be_reviewed_over_all_shipments(outbound):
    shipment = outbound.waved([("MUG", 1)])
    outbound.scan(shipment, CUP)
    found = outbound.lead.get("/v1/scans", params={"result": "wrong_barcode", "operator": "pia"}).expect(200)["data"]
    assert found[0]["shipment_id"] == shipment["id"] and found[0]["barcode"] == CUP


def test_a_new_barcode_is_valid_once_catalog_has_published_it(outbound):
    product = outbound.publisher.product(("LABEL", 100, {"barcode": "old-label"}))
    shipment = outbound.waved([("LABEL", 2)])
    outbound.shop.settle()
    outbound.scan(shipment, "old-label").expect(201)
    outbound.publisher.product(("LABEL", 100, {"barcode": "new-label"}), id_=product)
    outbound.shop.settle()
    refused(outbound.scan(shipment, "old-label"), "scan.wrong_barcode")
    assert outbound.scan(shipment, "new-label").expect(201)["shipment_status"] == "packed"


# --- exceptions -------------------------------------------------------------------------------------


def test_a_shipment_with_an_open_exception_is_not_shipped(outbound):
    shipment = outbound.waved([("MUG", 1)])
    outbound.scan(shipment, CUP)
    outbound.scan(shipment, MUG).expect(201)
    no = refused(outbound.ship(shipment), "shipment.exception_open")
    assert "wrong_barcode" in no.json["detail"]
    found, = outbound.exceptions(shipment, status="open")
    assert found["id"] in str(outbound.lead.get("/v1/work").json)
    assert outbound.lead.post(f"/v1/exceptions/{found['id']}/assign", {"owner": "olga"}).expect(200)["owner"] == "olga"
    done = outbound.resolve(found, "put back").expect(200)
    assert (done["status"], done["resolution"], done["resolved_by"]) == ("resolved", "put back", "wanda")
    assert outbound.events(found["id"]) == ["opened", "assigned", "resolved"]
    assert found["id"] not in str(outbound.lead.get("/v1/work").json)
    assert outbound.ship(shipment).expect(200)["status"] == "shipped"


def test_an_exception_is_resolved_once_with_a_resolution_by_a_lead(outbound):
    shipment = outbound.waved([("MUG", 1)])
    outbound.scan(shipment, CUP)
    found, = outbound.exceptions(shipment)
    path = f"/v1/exceptions/{found['id']}/resolve"
    assert outbound.lead.post(path, {}).pointers == ["/resolution"]
    assert outbound.picker.post(path, {"resolution": "mine"}).status == 403
    assert outbound.lead.post(f"/v1/exceptions/{uuid.uuid4()}/resolve", {"resolution": "none"}).status == 404
    assert outbound.lead.post(path, {"resolution": "done"}, headers={"If-Match": '"v7"'}).status == 412
    outbound.resolve(found).expect(200)
    refused(outbound.resolve(found), "exception.invalid_transition")


def test_after_its_resolution_the_same_problem_opens_a_new_exception(outbound):
    shipment = outbound.waved([("MUG", 1)])
    outbound.scan(shipment, CUP)
    outbound.resolve(outbound.exceptions(shipment)[0]).expect(200)
    outbound.scan(shipment, CUP)
    assert sorted(each["status"] for each in outbound.exceptions(shipment)) == ["open", "resolved"]


# --- shipping ---------------------------------------------------------------------------------------


def test_a_shipment_ships_with_carrier_and_tracking_number(outbound):
    shipment = outbound.packed([("MUG", 1)])
    number = unique("RM")
    shipped = outbound.ship(shipment, tracking_number=number).expect(200)
    assert (shipped["status"], shipped["carrier"], shipped["tracking_number"]) == ("shipped", "royal-mail", number)
    assert shipped["shipped_at"] and outbound.events(shipment["id"])[-1] == "shipped"
    event, = outbound.shop.sql("fulfillment", "select data from event where aggregate_id = %s and type like '%%.shipped'",
                           shipment["id"])
    assert set(event["data"]) == {"id", "number", "order_id", "order_number", "status", "warehouse", "carrier",
                                  "tracking_number", "shipped_at", "delivered_at", "lines"}
    assert event["data"]["lines"] == [{"sku": "MUG", "barcode": MUG, "quantity": 1, "scanned": 1}]
    found = outbound.lead.get("/v1/shipments", params={"carrier": "royal-mail", "tracking_number": number}).json["data"]
    assert [each["id"] for each in found] == [shipment["id"]]


def test_a_shipment_ships_only_when_every_unit_is_scanned(outbound):
    pending = outbound.shipment(outbound.confirm([("MUG", 1)], warehouse=unique("wh")))
    refused(outbound.ship(pending), "shipment.not_packed")
    shipment = outbound.waved([("MUG", 2)])
    outbound.scan(shipment, MUG).expect(201)
    assert "1 unit" in refused(outbound.ship(shipment), "shipment.not_packed").json["detail"]


def test_a_tracking_number_belongs_to_one_shipment(outbound):
    one, two = outbound.packed([("MUG", 1)]), outbound.packed([("MUG", 1)])
    number = unique("RM")
    outbound.ship(one, tracking_number=number).expect(200)
    refused(outbound.ship(two, tracking_number=number), "shipment.tracking_number_used")
    assert outbound.read(two)["status"] == "packed"
    outbound.ship(two, carrier="other-post", tracking_number=number).expect(200)


def test_a_shipment_ships_once(outbound):
    shipment = outbound.shipped([("MUG", 1)])
    refused(outbound.ship(shipment, tracking_number=unique("RM")), "shipment.invalid_transition")
    again = outbound.packed([("MUG", 1)])
    first = outbound.ship(again, key="ship-" + again["id"])
    assert outbound.ship(again, key="ship-" + again["id"]).text == first.text
    assert outbound.events(again["id"]).count("shipped") == 1


def test_shipping_input_is_validated(outbound):
    shipment = outbound.packed([("MUG", 1)])
    path = f"/v1/shipments/{shipment['id']}/ship"
    assert outbound.lead.post(path, {}).pointers == ["/carrier", "/tracking_number"]
    assert outbound.picker.post(path, {"carrier": "x", "tracking_number": "y"}).status == 403
    stale = outbound.lead.post(path, {"carrier": "x", "tracking_number": "y"}, headers={"If-Match": '"v1"'})
    assert stale.status == 412 and stale.code == "version.conflict"
    assert outbound.ship({"id": str(uuid.uuid4())}).status == 404
