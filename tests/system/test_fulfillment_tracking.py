"""Fulfilment: what carriers tell of parcels, out of order and more than once (F-12)."""
import time

import psycopg2
import pytest

from fulfillment import Desk, at
from stack.client import eventually
from stack.road import unique

SHOP = {"services": ("fulfillment",)}


@pytest.fixture(scope="module")
def desk(shop):
    return Desk(shop)


@pytest.fixture
def parcel(desk):
    return desk.shipped([("MUG", 1)])


def kinds(desk, parcel, status="open"):
    return sorted(each["kind"] for each in desk.exceptions(parcel, status=status))


def news(desk, parcel):
    found = desk.lead.get("/v1/tracking-events", params={"shipment_id": parcel["id"], "sort": "occurred_at"})
    return [each["status"] for each in found.expect(200)["data"]]


def test_a_parcel_is_followed_until_it_is_delivered(desk, parcel):
    for minutes, status in enumerate(("picked_up", "in_transit", "out_for_delivery")):
        answer = desk.track(parcel, status, minutes - 10).expect(201)
        assert answer["shipment_id"] == parcel["id"] and answer["shipment_status"] == "shipped"
        assert desk.see(parcel)["tracking_status"] == status
    occurred = at(-1)
    assert desk.track(parcel, "delivered", occurred_at=occurred).expect(201)["shipment_status"] == "delivered"
    done = desk.see(parcel)
    assert done["status"] == "delivered" and done["delivered_at"][:19] == occurred[:19]
    assert desk.said(parcel["id"])[-2:] == ["shipped", "delivered"]
    assert news(desk, parcel) == ["picked_up", "in_transit", "out_for_delivery", "delivered"]


def test_news_told_twice_are_kept_once(desk, parcel):
    occurred = at(-5)
    first = desk.track(parcel, "delivered", occurred_at=occurred).expect(201)
    again = desk.track(parcel, "delivered", occurred_at=occurred).expect(201)
    assert first["id"] == again["id"] and news(desk, parcel) == ["delivered"]
    assert desk.said(parcel["id"]).count("delivered") == 1


def test_old_news_do_not_turn_a_delivered_parcel_back(desk, parcel):
    desk.track(parcel, "delivered", -5).expect(201)
    delivered = desk.see(parcel)["delivered_at"]
    desk.track(parcel, "in_transit", -60).expect(201)
    desk.track(parcel, "lost", -30).expect(201)
    seen = desk.see(parcel)
    assert (seen["status"], seen["tracking_status"], seen["delivered_at"]) == ("delivered", "delivered", delivered)
    assert kinds(desk, parcel) == []
    desk.track(parcel, "delivered", -1).expect(201)         # delivered again: the first time counts
    assert desk.see(parcel)["delivered_at"] == delivered
    assert desk.said(parcel["id"]).count("delivered") == 1


@pytest.mark.parametrize("status", ["damaged", "refused", "lost", "returned"])
def test_bad_news_open_an_exception(desk, parcel, status):
    desk.track(parcel, status, -5).expect(201)
    found, = desk.exceptions(parcel)
    assert found["kind"] == status and status in found["detail"]
    assert desk.see(parcel)["status"] == "shipped"


def test_what_was_lost_and_is_delivered_is_settled(desk, parcel):
    desk.track(parcel, "lost", -5).expect(201)
    desk.track(parcel, "damaged", -4).expect(201)
    desk.track(parcel, "delivered", -1).expect(201)
    assert kinds(desk, parcel) == ["damaged"] and kinds(desk, parcel, "resolved") == ["lost"]


def test_a_delay_is_noted_and_nothing_more(desk, parcel):
    desk.track(parcel, "delayed", -1).expect(201)
    assert kinds(desk, parcel) == [] and desk.see(parcel)["tracking_status"] == "delayed"


def test_a_parcel_that_is_not_ours_is_refused(desk, parcel):
    unknown = desk.track({"carrier": "royal-mail", "tracking_number": unique("NONE")}, "in_transit")
    assert unknown.status == 404 and unknown.code == "tracking.unknown_shipment"
    other = desk.track({**parcel, "carrier": "other-post"}, "in_transit")
    assert other.code == "tracking.unknown_shipment"


def test_news_are_checked(desk, parcel):
    body = {"carrier": "royal-mail", "tracking_number": parcel["tracking_number"]}
    no = desk.carrier.post("/v1/tracking-events", {**body, "status": "teleported", "occurred_at": "yesterday"})
    assert no.status == 422 and no.pointers == ["/occurred_at", "/status"]
    ahead = desk.track(parcel, "delivered", 3 * 24 * 60)
    assert ahead.status == 422 and ahead.codes == ["tracking.in_the_future"]
    assert desk.picker.post("/v1/tracking-events", {**body, "status": "lost", "occurred_at": at()}).status == 403
    assert news(desk, parcel) == []


def test_a_carriers_note_may_name_somebody_and_is_masked(desk, shop, parcel):
    note = shop.canary("Left with Mrs. Quillfeather at number 7")
    desk.track(parcel, "delivered", -1, note=note).expect(201)
    seen = desk.lead.get("/v1/tracking-events", params={"shipment_id": parcel["id"]}).json["data"]
    assert seen[0]["note"] == note
    others = shop.fulfillment.as_("agent", "sue").get("/v1/tracking-events", params={"shipment_id": parcel["id"]})
    assert "Quillfeather" not in others.text and "delivered" in others.text
    assert shop.value("fulfillment", "select count(*) from event where data::text like '%%Quillfeather%%'") == 0


def test_a_parcel_that_does_not_move_is_an_exception_until_it_does(desk, open_shop):
    shop = open_shop(services=("fulfillment",), env={"TRACKING_SILENCE_SECONDS": "1"})
    desk = Desk(shop)
    silent, lively = desk.shipped([("MUG", 1)]), desk.shipped([("MUG", 1)])
    desk.track(lively, "delivered", -1).expect(201)
    eventually(lambda: kinds(desk, silent) == ["no_movement"])
    desk.track(silent, "in_transit").expect(201)
    assert kinds(desk, silent, "resolved") == ["no_movement"]
    eventually(lambda: kinds(desk, silent) == ["no_movement"])       # silent again
    desk.resolve(desk.exceptions(silent, status="open")[0]).expect(200)
    eventually(lambda: len(desk.exceptions(silent)) == 3)            # settled by hand, and still silent
    desk.track(silent, "delivered").expect(201)
    assert kinds(desk, silent) == [] and kinds(desk, lively) == kinds(desk, lively, "resolved") == []


def test_a_deadline_that_fires_does_not_stand_in_the_way_of_the_change_that_meets_it(shop, desk, parcel):
    """The carrier's word locks the parcel, then meets its deadline; the deadline that fires wants both, too."""
    with psycopg2.connect(shop.postgres.url("fulfillment", shop.database)) as connection:
        with connection.cursor() as change:
            change.execute("select 1 from shipment where id = %s for no key update", (parcel["id"],))
            shop.sql("fulfillment", "update deadline set due_at = now() where aggregate_id = %s", parcel["id"])
            time.sleep(0.7)                                     # it fires, and waits for the parcel
            change.execute("set local lock_timeout = '300ms'")
            change.execute("update deadline set due_at = now() + interval '1 day' where aggregate_id = %s",
                           (parcel["id"],))
    connection.close()
    time.sleep(0.5)
    assert kinds(desk, parcel) == []                            # it moved in time, so nothing was opened
    shop.sql("fulfillment", "update deadline set due_at = now() where aggregate_id = %s", parcel["id"])
    eventually(lambda: kinds(desk, parcel) == ["no_movement"])
