"""Relay and consumers under adverse conditions: a paused leader, an expired stream, a slow database, very large events."""
import time

from event_publisher import EventPublisher
from reservations import Reservations
from streams import alarms, stream_like, unpublished
from stack.client import eventually
from products import mug

SHOP = {"services": ("catalog",), "instances": 1}


def test_an_event_with_more_values_than_a_request_may_have_is_applied(shop):
    publisher, reservations = EventPublisher(shop), Reservations(shop)
    shop.workflow.draft({"sku": "VALUES", "price": 1})
    lines = [("VALUES", 1)] * 1000
    order = publisher.new_order(*lines, allocation=[("VALUES", f"w{n % 9}", 1) for n in range(3000)])
    publisher.send(publisher.order_event(order, "placed"))
    assert reservations.of(order)["lines"][0]["quantity"] == 1000
    assert shop.catalog.get("/v1/dead-letters").json["data"] == []


def test_background_work_waits_for_a_lock_on_one_connection(shop):
    """Longer than a request would: after a disconnect, the server would go on with useless work."""
    publisher, reservations = EventPublisher(shop), Reservations(shop)
    shop.workflow.draft({"sku": "LOCKED", "price": 1})
    shop.workflow.book_in("LOCKED", 5)
    with reservations.allocation_blocked():
        order = publisher.new_order(("LOCKED", 1))
        publisher.send(publisher.order_event(order, "placed"))
        time.sleep(8)
        assert shop.value("postgres", "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'catalog'"
                          " and datname = current_database()") == 1
    assert reservations.status(order) == "held"


def test_free_text_is_in_the_private_part_of_an_event(shop):
    made = shop.catalog.post("/v1/products", mug("WORDS"), sub="ann").expect(201)
    link = f"/v1/products/{made['id']}"
    shop.catalog.post(link + "/submit", sub="ann").expect(200)
    words = "the photo shows Mrs Robinson"
    shop.catalog.post(link + "/reject", {"reasons": [words]}, sub="bea").expect(200)
    shop.catalog.post("/v1/stock/movements", {"sku": "WORDS", "warehouse": "main", "quantity": 1,
                                              "reason": "found by Mrs Robinson", "reference": "count-7"}).expect(201)
    shop.settle()
    reported = shop.events("catalog")
    assert "Robinson" not in str([each["data"] for each in reported])
    moved = [each["data"] for each in reported if each["type"] == "catalog.stock.moved"][-1]
    assert (moved["reason"], moved["reference"]) == (None, "count-7")
    assert shop.catalog.get(link).json["reject_reasons"] == [words]
    kept = shop.sql("catalog", "select private from event where private is not null")
    assert len([each for each in kept if "Robinson" in str(each)]) >= 2


def test_a_paused_relay_leader_is_replaced_by_another(open_shop):
    shop = open_shop(services=("catalog",), instances=2, env={"LEADER_SECONDS": "4"})
    shop.catalog.post("/v1/products", mug("LEAD-1"), instance=0).expect(201)
    eventually(lambda: unpublished(shop) == 0)
    leader = next(n for n in (0, 1) if shop.metric("catalog", "backroom_relay_leader", n))
    shop.pause("catalog", leader)
    shop.catalog.post("/v1/products", mug("LEAD-2"), instance=1 - leader).expect(201)
    eventually(lambda: unpublished(shop) == 0, timeout=30)
    shop.resume("catalog", leader)
    shop.catalog.post("/v1/products", mug("LEAD-3"), instance=leader).expect(201)
    eventually(lambda: unpublished(shop) == 0)
    assert shop.catalog.get("/v1/audit/verify").json["intact"]
    assert [each["position"] for each in shop.events("catalog")] == [1, 2, 3]


def test_events_published_by_another_relay_keep_their_position(shop):
    """A relay paused between publishing and marking does not mark events that another relay has marked."""
    shop.catalog.post("/v1/products", mug("OVERTAKEN")).expect(201)
    shop.settle()
    before = shop.sql("catalog", "select no, position, encode(hash, 'hex') as hash, seq from event order by no")
    last = before[-1]
    marks = f'[{{"no": {last["no"]}, "position": {last["position"] + 1}, "hash": "00", "epoch": "x", "seq": 1}}]'
    statement = published_statement()
    assert shop.sql("catalog", statement + " returning e.no", marks) == []
    assert shop.sql("catalog", "select no, position, encode(hash, 'hex') as hash, seq from event order by no") == before


def published_statement():
    """The relay's own statement, from its file."""
    from pathlib import Path
    text = (Path(__file__).parents[4] / "common/relay/relay.sql").read_text()
    body = text.split("-- name: event_published(marks)")[1].split("\n", 1)[1].split(";")[0]
    return body.replace(":marks::jsonb", "%s::jsonb")


def with_three_events(open_shop, sku):
    """A shop with stopped catalog."""
    shop = open_shop(services=("catalog",))
    for n in range(3):
        shop.catalog.post("/v1/products", mug(f"{sku}-{n}")).expect(201)
    shop.settle()
    shop.stop("catalog")
    return shop


def test_a_stream_whose_events_have_all_expired_is_not_refilled(open_shop):
    shop = with_three_events(open_shop, "QUIET")
    shop.sql("catalog", "alter table event disable trigger event_unchanged")
    shop.sql("catalog", "update event set at = at - interval '8 days'")
    shop.sql("catalog", "alter table event enable trigger event_unchanged")
    shop.nats.request("$JS.API.STREAM.PURGE.CATALOG")        # as after eight days without events
    shop.start("catalog")
    shop.catalog.post("/v1/products", mug("QUIET-NEW")).expect(201)
    shop.settle()
    state = shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]
    assert (state["messages"], state["first_seq"]) == (1, 4) and alarms(shop) == 0


def messages(shop):
    return shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]["messages"]


def test_a_stream_that_lost_recent_events_but_has_their_message_ids_is_refilled(open_shop):
    shop = with_three_events(open_shop, "LOST")
    stream_like(shop, duplicate_window=3 * 10**9)
    shop.start("catalog")
    eventually(lambda: messages(shop) == 3)
    shop.nats.request("$JS.API.STREAM.PURGE.CATALOG")
    shop.restart("catalog")
    eventually(lambda: messages(shop) == 3, timeout=20)
    assert alarms(shop) >= 1 and shop.catalog.get("/v1/audit/verify").json["intact"]


def test_a_stream_with_a_discarding_configuration_is_not_used(open_shop):
    shop = open_shop(services=("catalog",), env={"LEADER_SECONDS": "4"})
    shop.stop("catalog")
    stream_like(shop, discard="old")
    shop.start("catalog")
    shop.catalog.post("/v1/products", mug("DROP")).expect(201)
    eventually(lambda: shop.metric("catalog", "backroom_nats_stalled") == 1)
    assert messages(shop) == 0 and unpublished(shop) == 1
    assert [each for each in shop.log("catalog") if "must use file storage" in str(each)]
    shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")      # it must be recreated
    eventually(lambda: unpublished(shop) == 0, timeout=15)
