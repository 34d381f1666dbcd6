"""Tracking events of carriers, out of order and repeated (F-12)."""
import time

import psycopg2
import pytest

from outbound import Outbound, at
from stack.client import eventually
from stack.workflow import unique

SHOP = {"services": ("fulfillment",)}


@pytest.fixture(scope="module")
def outbound(shop):
    return Outbound(shop)


@pytest.fixture
def shipment(outbound):
    return outbound.shipped([("MUG", 1)])


def kinds(outbound, shipment, status="open"):
    return sorted(each["kind"] for each in outbound.exceptions(shipment, status=status))


def tracking_events(outbound, shipment):
    found = outbound.lead.get("/v1/tracking-events", params={"shipment_id": shipment["id"], "sort": "occurred_at"})
    return [each["status"] for each in found.expect(200)["data"]]


def test_a_shipment_is_tracked_until_it_is_delivered(outbound, shipment):
    for minutes, status in enumerate(("picked_up", "in_transit", "out_for_delivery")):
        answer = outbound.track(shipment, status, minutes - 10).expect(201)
        assert answer["shipment_id"] == shipment["id"] and answer["shipment_status"] == "shipped"
        assert outbound.read(shipment)["tracking_status"] == status
    occurred = at(-1)
    assert outbound.track(shipment, "delivered", occurred_at=occurred).expect(201)["shipment_status"] == "delivered"
    done = outbound.read(shipment)
    assert done["status"] == "delivered" and done["delivered_at"][:19] == occurred[:19]
    assert outbound.events(shipment["id"])[-2:] == ["shipped", "delivered"]
    assert tracking_events(outbound, shipment) == ["picked_up", "in_transit", "out_for_delivery", "delivered"]


def test_repeated_tracking_events_are_stored_once(outbound, shipment):
    occurred = at(-5)
    first = outbound.track(shipment, "delivered", occurred_at=occurred).expect(201)
    again = outbound.track(shipment, "delivered", occurred_at=occurred).expect(201)
    assert first["id"] == again["id"] and tracking_events(outbound, shipment) == ["delivered"]
    assert outbound.events(shipment["id"]).count("delivered") == 1


def test_late_tracking_events_do_not_reset_a_delivered_shipment(outbound, shipment):
    outbound.track(shipment, "delivered", -5).expect(201)
    delivered = outbound.read(shipment)["delivered_at"]
    outbound.track(shipment, "in_transit", -60).expect(201)
    outbound.track(shipment, "lost", -30).expect(201)
    seen = outbound.read(shipment)
    assert (seen["status"], seen["tracking_status"], seen["delivered_at"]) == ("delivered", "delivered", delivered)
    assert kinds(outbound, shipment) == []
    outbound.track(shipment, "delivered", -1).expect(201)         # delivered again: the first event counts
    assert outbound.read(shipment)["delivered_at"] == delivered
    assert outbound.events(shipment["id"]).count("delivered") == 1


@pytest.mark.parametrize("status", ["damaged", "refused", "lost", "returned"])
def test_a_delivery_problem_opens_an_exception(outbound, shipment, status):
    outbound.track(shipment, status, -5).expect(201)
    found, = outbound.exceptions(shipment)
    assert found["kind"] == status and status in found["detail"]
    assert outbound.read(shipment)["status"] == "shipped"


def test_a_lost_shipment_that_is_delivered_resolves_its_exception(outbound, shipment):
    outbound.track(shipment, "lost", -5).expect(201)
    outbound.track(shipment, "damaged", -4).expect(201)
    outbound.track(shipment, "delivered", -1).expect(201)
    assert kinds(outbound, shipment) == ["damaged"] and kinds(outbound, shipment, "resolved") == ["lost"]


def test_a_delay_is_recorded_and_opens_no_exception(outbound, shipment):
    outbound.track(shipment, "delayed", -1).expect(201)
    assert kinds(outbound, shipment) == [] and outbound.read(shipment)["tracking_status"] == "delayed"


def test_an_unknown_tracking_number_is_refused(outbound, shipment):
    unknown = outbound.track({"carrier": "royal-mail", "tracking_number": unique("NONE")}, "in_transit")
    assert unknown.status == 404 and unknown.code == "tracking.unknown_shipment"
    other = outbound.track({**shipment, "carrier": "other-post"}, "in_transit")
    assert other.code == "tracking.unknown_shipment"


def test_tracking_events_are_validated(outbound, shipment):
    body = {"carrier": "royal-mail", "tracking_number": shipment["tracking_number"]}
    no = outbound.carrier.post("/v1/tracking-events", {**body, "status": "teleported", "occurred_at": "yesterday"})
    assert no.status == 422 and no.pointers == ["/occurred_at", "/status"]
    ahead = outbound.track(shipment, "delivered", 3 * 24 * 60)
    assert ahead.status == 422 and ahead.codes == ["tracking.in_the_future"]
    assert outbound.picker.post("/v1/tracking-events", {**body, "status": "lost", "occurred_at": at()}).status == 403
    assert tracking_events(outbound, shipment) == []


def test_a_carrier_note_is_personal_data_and_masked(outbound, shop, shipment):
    note = shop.canary("Left with Mrs. Quillfeather at number 7")
    outbound.track(shipment, "delivered", -1, note=note).expect(201)
    seen = outbound.lead.get("/v1/tracking-events", params={"shipment_id": shipment["id"]}).json["data"]
    assert seen[0]["note"] == note
    others = shop.fulfillment.as_("agent", "sue").get("/v1/tracking-events", params={"shipment_id": shipment["id"]})
    assert "Quillfeather" not in others.text and "delivered" in others.text
    assert shop.value("fulfillment", "select count(*) from event where data::text like '%%Quillfeather%%'") == 0


def test_a_shipment_without_tracking_events_is_an_exception_until_one_arrives(outbound, open_shop):
    shop = open_shop(services=("fulfillment",), env={"TRACKING_SILENCE_SECONDS": "1"})
    outbound = Outbound(shop)
    silent, lively = outbound.shipped([("MUG", 1)]), outbound.shipped([("MUG", 1)])
    outbound.track(lively, "delivered", -1).expect(201)
    eventually(lambda: kinds(outbound, silent) == ["no_movement"])
    outbound.track(silent, "in_transit").expect(201)
    assert kinds(outbound, silent, "resolved") == ["no_movement"]
    eventually(lambda: kinds(outbound, silent) == ["no_movement"])       # no tracking events again
    outbound.resolve(outbound.exceptions(silent, status="open")[0]).expect(200)
    eventually(lambda: len(outbound.exceptions(silent)) == 3)            # resolved manually, and still no tracking events
    outbound.track(silent, "delivered").expect(201)
    assert kinds(outbound, silent) == [] and kinds(outbound, lively) == kinds(outbound, lively, "resolved") == []


def test_a_due_deadline_does_not_block_the_change_that_meets_it(shop, outbound, shipment):
    """The tracking event locks the shipment, then its deadline; the due deadline locks both as well."""
    with psycopg2.connect(shop.postgres.url("fulfillment", shop.database)) as connection:
        with connection.cursor() as change:
            change.execute("select 1 from shipment where id = %s for no key update", (shipment["id"],))
            shop.sql("fulfillment", "update deadline set due_at = now() where aggregate_id = %s", shipment["id"])
            time.sleep(0.7)                                     # it is due, and waits for the shipment
            change.execute("set local lock_timeout = '300ms'")
            change.execute("update deadline set due_at = now() + interval '1 day' where aggregate_id = %s",
                           (shipment["id"],))
    connection.close()
    time.sleep(0.5)
    assert kinds(outbound, shipment) == []                            # the event was in time, so no exception was opened
    shop.sql("fulfillment", "update deadline set due_at = now() where aggregate_id = %s", shipment["id"])
    eventually(lambda: kinds(outbound, shipment) == ["no_movement"])
