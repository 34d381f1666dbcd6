"""The event log: outbox, feed, timeline, audit chain; and streams that were wiped, deleted or replaced are rebuilt."""
import json
import time

import pytest

from stack import keys
from stack.client import eventually
from products import mug

SHOP = {"services": ("catalog",)}


def draft(shop, sku):
    return shop.catalog.post("/v1/products", mug(sku)).expect(201)


def head(shop):
    return shop.catalog.get("/v1/audit/verify").expect(200)


def published_ids(shop):
    """Message ids in the stream, in order."""
    last = shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]["last_seq"]
    import base64
    ids = []
    for seq in range(1, last + 1):
        message = shop.nats.request("$JS.API.STREAM.MSG.GET.CATALOG", {"seq": seq})["message"]
        ids.append(json.loads(base64.b64decode(message["data"]))["id"])
    return ids


def test_every_change_is_an_event_with_a_gapless_position(shop):
    for n in range(5):
        draft(shop, f"GAP-{n}")
    shop.settle()
    events = shop.events("catalog")
    assert [each["position"] for each in events] == list(range(1, len(events) + 1))
    assert [each["type"] for each in events][-5:] == ["catalog.product.drafted"] * 5
    assert {each["actor"] for each in events} == {"ann"}
    assert published_ids(shop) == [each["id"] for each in events]


def test_the_feed_is_filtered_and_continues_from_a_position(shop):
    made = draft(shop, "FEED")
    shop.catalog.post(f"/v1/products/{made['id']}/submit").expect(200)
    shop.settle()
    mine = list(shop.catalog.all("/v1/events", params={"aggregate": made["id"]}))
    assert [each["type"] for each in mine] == ["catalog.product.drafted", "catalog.product.submitted"]
    assert [each["version"] for each in mine] == [1, 2]
    later = shop.catalog.get("/v1/events", params={"after": mine[0]["position"], "type": "catalog.product.*"}).json["data"]
    assert later[0]["id"] == mine[1]["id"]


def test_the_trace_id_of_a_request_is_in_its_event(shop):
    trace = "0af7651916cd43dd8448eb211c80319c"
    made = shop.catalog.post("/v1/products", mug("TRACE"), headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert made.headers["X-Request-Id"] == trace
    shop.settle()
    event, = shop.catalog.all("/v1/events", params={"aggregate": made.json["id"]})
    assert event["trace_id"] == trace


def test_the_feed_is_streamed_as_server_sent_events(shop):
    shop.settle()
    position = shop.catalog.get("/v1/audit/verify").json["head"]
    stream = shop.catalog.stream("/v1/events", headers={"Last-Event-ID": str(position)})
    made = draft(shop, "LIVE")
    event = json.loads(next(stream)["data"])
    assert event["aggregate_id"] == made["id"] and event["position"] == position + 1
    stream.close()


def test_a_live_feed_ends_when_its_token_expires(shop):
    """With the leeway of one minute for clocks, this token is valid for three more seconds."""
    shop.settle()
    position = shop.catalog.get("/v1/audit/verify").json["head"]
    client = shop.client(shop.catalog.addresses)
    token = keys.issue(shop.keys.folder, "admin", "ann", -57, shop.keys.build)
    client.token = lambda *_: token
    stream = client.stream("/v1/events", headers={"Last-Event-ID": str(position)})
    made = draft(shop, "LIVE-WHILE-GOOD")
    assert json.loads(next(stream)["data"])["aggregate_id"] == made["id"]
    began = time.monotonic()
    assert list(stream) == [] and time.monotonic() - began < 10
    assert client.get("/v1/events").status == 401


def test_the_chain_verifies_and_a_changed_row_is_located(shop):
    draft(shop, "CHAIN-1")
    draft(shop, "CHAIN-2")
    shop.settle()
    assert head(shop)["intact"]
    with pytest.raises(Exception, match="append-only"):
        shop.sql("catalog", "update event set actor = 'nobody' where position = 2")
    shop.sql("catalog", "alter table event disable trigger event_unchanged")
    shop.sql("catalog", "update event set actor = 'nobody' where position = 2")
    broken = head(shop)
    assert not broken["intact"] and broken["broken_at"] == 2
    shop.sql("catalog", "update event set actor = 'ann' where position = 2")
    shop.sql("catalog", "alter table event enable trigger event_unchanged")
    assert head(shop)["intact"]


@pytest.mark.parametrize("harm", ["wiped while stopped", "killed and wiped", "stream deleted"])
def test_a_lost_stream_is_rebuilt_from_the_event_log(shop, harm):
    draft(shop, f"LOST-{harm[:3]}-{len(harm)}")
    shop.settle()
    if harm == "stream deleted":
        shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")
    else:
        shop.nats.kill9() if harm.startswith("killed") else shop.nats.stop()
        shop.nats.wipe()
        draft(shop, f"MEANWHILE-{len(harm)}")
        shop.nats.start()
    should = lambda: [each["id"] for each in shop.events("catalog")]
    eventually(lambda: sorted(published_ids(shop)) == sorted(should()), timeout=30)
    assert head(shop)["intact"]


def test_an_older_copy_of_the_stream_is_detected_and_filled(shop):
    import shutil
    draft(shop, "OLD-1")
    shop.settle()
    shop.nats.stop()
    copy = shop.nats.folder / "copy"
    shutil.copytree(shop.nats.folder / "store", copy)
    shop.nats.start()
    draft(shop, "OLD-2")
    draft(shop, "OLD-3")
    shop.settle()
    shop.nats.kill9()
    shop.nats.wipe()
    copy.rename(shop.nats.folder / "store")
    shop.nats.start()
    eventually(lambda: set(published_ids(shop)) == {each["id"] for each in shop.events("catalog")}, timeout=30)


def test_writes_succeed_while_nats_is_down_and_are_published_afterwards(shop):
    shop.nats.kill9()
    before = time.monotonic()
    made = draft(shop, "AWAY")
    assert time.monotonic() - before < 2
    assert shop.ready("catalog")
    shop.nats.start()
    eventually(lambda: shop.value("catalog", "select count(*) from event where seq is null") == 0, timeout=20)
    assert made["id"] in {each["aggregate_id"] for each in shop.events("catalog")}
