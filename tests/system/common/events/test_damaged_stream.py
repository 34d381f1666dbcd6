"""Streams with lost or unreadable messages: the lost ones are republished, nothing else."""
import base64
import os
import time

from stack import plan
from stack.client import eventually
from products import mug
from streams import alarms, stream_like, unpublished

SHOP = {"services": ("catalog", "orders")}


def with_events(shop, count=5, **stream):
    """A shop with published events, in a stream with a duplicate window of one second."""
    shop.stop()
    stream_like(shop, **stream)
    shop.start()
    for n in range(count):
        shop.catalog.post("/v1/products", mug(f"SAID-{time.time_ns()}-{n}")).expect(201)
    shop.settle()
    return stream_state(shop)


def stream_state(shop):
    return shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]


def id_at(shop, seq):
    return shop.value("catalog", "select id::text from event where seq = %s", seq)


def test_an_event_missing_in_the_middle_is_republished_although_the_server_has_its_message_id(shop):
    before = with_events(shop, duplicate_window=120 * 1_000_000_000)
    lost = id_at(shop, before["last_seq"] - 2)
    shop.nats.request("$JS.API.STREAM.MSG.DELETE.CATALOG", {"seq": before["last_seq"] - 2})
    eventually(lambda: stream_state(shop)["messages"] == before["messages"], 30)
    assert id_at(shop, before["last_seq"] + 1) == lost
    assert alarms(shop) == 1 and shop.catalog.get("/v1/audit/verify").json["intact"]


def test_an_unreadable_message_is_republished(shop):
    before = with_events(shop)
    broken, known = before["last_seq"] - 2, alarms(shop)
    lost = id_at(shop, broken)
    shop.nats.stop()
    block, = (shop.nats.folder / "store").glob("jetstream/*/streams/CATALOG/msgs/*.blk")
    kept = bytearray(block.read_bytes())
    kept[kept.rindex(lost.encode()) + 60] ^= 0x10           # in the message's payload, behind its headers
    block.write_bytes(kept)
    shop.nats.start()
    eventually(lambda: stream_state(shop)["last_seq"] == before["last_seq"] + 1, 30)
    assert id_at(shop, before["last_seq"] + 1) == lost
    assert alarms(shop) == known + 1 and shop.catalog.get("/v1/audit/verify").json["intact"]


def test_a_consumer_ahead_of_a_truncated_stream_receives_what_replaces_the_lost_messages(shop):
    """Five repeats after the last event were delivered. Without them, new events get their sequence numbers."""
    before = with_events(shop)
    block, = (shop.nats.folder / "store").glob("jetstream/*/streams/CATALOG/msgs/*.blk")
    last = shop.nats.request("$JS.API.STREAM.MSG.GET.CATALOG", {"seq": before["last_seq"]})["message"]
    time.sleep(1)
    size = block.stat().st_size
    for _ in range(5):
        shop.nats.publish(last["subject"], base64.b64decode(last["data"]))
    eventually(lambda: block.stat().st_size > size, 10)
    shop.settle()
    shop.nats.kill9()
    os.truncate(block, size + 10)
    shop.nats.start()
    shop.catalog.post("/v1/products", mug("IN-ITS-PLACE")).expect(201)
    eventually(lambda: stream_state(shop)["last_seq"] == before["last_seq"] + 1, 30)
    received = "select count(*) from inbox where consumer = 'orders-products' and event_id = %s::uuid"
    eventually(lambda: shop.value("orders", received, id_at(shop, before["last_seq"] + 1)), 30)


def test_a_stream_whose_state_is_unknown_is_checked_again_and_not_refilled(shop, monkeypatch, tmp_path):
    before, known = with_events(shop), alarms(shop)
    (tmp_path / "deploy").mkdir()
    strict = (plan.ROOT / "deploy" / "nats.conf").read_text().replace(', "$JS.API.STREAM.MSG.GET.CATALOG"', "")
    (tmp_path / "deploy" / "nats.conf").write_text(strict)
    shop.nats.stop()
    with monkeypatch.context() as patched:
        patched.setattr(plan, "ROOT", tmp_path)
        shop.nats.start()
    time.sleep(7)                                           # three requests of two seconds each
    assert (unpublished(shop), alarms(shop)) == (0, known)
    shop.nats.stop()
    shop.nats.start()
    shop.catalog.post("/v1/products", mug("HEARD-AT-LAST")).expect(201)
    shop.settle()
    assert stream_state(shop)["last_seq"] == before["last_seq"] + 1 and alarms(shop) == known


def test_a_deleted_stream_is_not_recreated_before_its_folder_is_removed(shop):
    with_events(shop)
    for _ in range(2):
        shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")
        gone = time.monotonic()
        while "error" in shop.nats.request("$JS.API.STREAM.INFO.CATALOG"):
            shop.catalog.post("/v1/products", mug(f"AGAIN-{time.time_ns()}")).expect(201)
            time.sleep(0.05)
            assert time.monotonic() < gone + 20
        assert time.monotonic() > gone + 1.8
        shop.settle()
    assert stream_state(shop)["messages"] == shop.value("catalog", "select count(*) from event")


def test_a_stream_whose_files_were_deleted_raises_an_alarm(shop):
    """The server acknowledges and delivers from memory for some seconds; then the messages cannot be read."""
    with_events(shop)
    for block in (shop.nats.folder / "store").glob("jetstream/*/streams/CATALOG/msgs/*.blk"):
        block.unlink()
    eventually(lambda: shop.metric("catalog", "backroom_nats_stalled") == 1, 60)
    shop.nats.kill9()
    shop.nats.start()
    shop.catalog.post("/v1/products", mug("KEPT-AGAIN")).expect(201)
    shop.settle()
    assert stream_state(shop)["messages"] == shop.value("catalog", "select count(*) from event")
    eventually(lambda: shop.metric("catalog", "backroom_nats_stalled") == 0, 10)


def test_a_stream_limit_is_never_set_below_its_content(shop):
    with_events(shop)
    for _ in range(12):
        shop.nats.publish("catalog.filler", b"x" * 100_000)
    before = stream_state(shop)
    shop.restart("catalog", env={"STREAM_MAX_MEGABYTES": "1"})
    eventually(lambda: shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["config"]["max_bytes"] < 1 << 30, 15)
    assert stream_state(shop)["messages"] == before["messages"] and "error" in shop.nats.publish("catalog.filler", b"x" * 100_000)
    shop.restart("catalog")
    shop.catalog.post("/v1/products", mug("ROOM-AGAIN")).expect(201)
    shop.settle()
    assert stream_state(shop)["messages"] == before["messages"] + 1
