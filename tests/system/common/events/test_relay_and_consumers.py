"""What the relay and the consumers do on bad days: a leader that is stopped, a stream that has expired, a slow database,
more news in one event than a body may hold."""
import time

from others import Others
from stack.client import eventually
from test_products import mug

SHOP = {"services": ("catalog",), "instances": 1}


def alarms(shop):
    return shop.metric("catalog", "backroom_stream_alarms_total") or 0


def unpublished(shop):
    return shop.value("catalog", "select count(*) from event where seq is null")


def test_an_order_with_more_values_than_a_body_may_have_is_heard(shop):
    others = Others(shop)
    shop.workflow.draft({"sku": "VALUES", "price": 1})
    lines = [("VALUES", 1, True)] * 1000
    order = others.order(lines, allocation=[{"sku": "VALUES", "warehouse": f"w{n % 9}", "quantity": 1} for n in range(3000)])
    others.publish([others.placed(order)])
    assert others.reservation(order)["lines"][0]["quantity"] == 1000
    assert shop.catalog.get("/v1/dead-letters").json["data"] == []


def test_background_work_that_waits_for_a_lock_waits_on_one_connection(shop):
    """Longer than a request would: giving up on the connection would leave the server working for nobody."""
    others = Others(shop)
    shop.workflow.draft({"sku": "LOCKED", "price": 1})
    shop.workflow.book_in("LOCKED", 5)
    with others.allocation_held():
        order = others.order([("LOCKED", 1)])
        others.publish([others.placed(order)])
        time.sleep(8)
        assert shop.value("postgres", "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'catalog'"
                          " and datname = current_database()") == 1
    assert others.status(order) == "held"


def test_words_that_people_wrote_are_told_apart_from_public_data(shop):
    made = shop.catalog.post("/v1/products", mug("WORDS"), sub="ann").expect(201)
    link = f"/v1/products/{made['id']}"
    shop.catalog.post(link + "/submit", sub="ann").expect(200)
    words = "the photo shows Mrs Robinson"
    shop.catalog.post(link + "/reject", {"reasons": [words]}, sub="bea").expect(200)
    shop.catalog.post("/v1/stock/movements", {"sku": "WORDS", "warehouse": "main", "quantity": 1,
                                              "reason": "found by Mrs Robinson", "reference": "count-7"}).expect(201)
    shop.settle()
    told = shop.events("catalog")
    assert "Robinson" not in str([each["data"] for each in told])
    moved = [each["data"] for each in told if each["type"] == "catalog.stock.moved"][-1]
    assert (moved["reason"], moved["reference"]) == (None, "count-7")
    assert shop.catalog.get(link).json["reject_reasons"] == [words]
    kept = shop.sql("catalog", "select private from event where private is not null")
    assert len([each for each in kept if "Robinson" in str(each)]) >= 2


def test_a_leader_that_is_stopped_in_its_tracks_is_followed_by_another(open_shop):
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


def test_what_another_relay_has_published_meanwhile_keeps_its_position(shop):
    """A relay that was stopped between publishing and marking marks nothing that was marked for it."""
    shop.catalog.post("/v1/products", mug("OVERTAKEN")).expect(201)
    shop.settle()
    before = shop.sql("catalog", "select no, position, encode(hash, 'hex') as hash, seq from event order by no")
    last = before[-1]
    marks = f'[{{"no": {last["no"]}, "position": {last["position"] + 1}, "hash": "00", "epoch": "x", "seq": 1}}]'
    statement = published_statement()
    assert shop.sql("catalog", statement + " returning e.no", marks) == []
    assert shop.sql("catalog", "select no, position, encode(hash, 'hex') as hash, seq from event order by no") == before


def published_statement():
    """The relay's own, from the file."""
    from pathlib import Path
    text = (Path(__file__).parents[4] / "common/relay/relay.sql").read_text()
    body = text.split("-- name: event_published(marks)")[1].split("\n", 1)[1].split(";")[0]
    return body.replace(":marks::jsonb", "%s::jsonb")


def with_three_events(open_shop, sku):
    """A shop whose catalog is stopped again."""
    shop = open_shop(services=("catalog",))
    for n in range(3):
        shop.catalog.post("/v1/products", mug(f"{sku}-{n}")).expect(201)
    shop.settle()
    shop.stop("catalog")
    return shop


def test_a_stream_whose_events_have_all_expired_is_not_filled_again(open_shop):
    shop = with_three_events(open_shop, "QUIET")
    shop.sql("catalog", "alter table event disable trigger event_unchanged")
    shop.sql("catalog", "update event set at = at - interval '8 days'")
    shop.sql("catalog", "alter table event enable trigger event_unchanged")
    shop.nats.request("$JS.API.STREAM.PURGE.CATALOG")        # what eight quiet days leave of it
    shop.start("catalog")
    shop.catalog.post("/v1/products", mug("QUIET-NEW")).expect(201)
    shop.settle()
    state = shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]
    assert (state["messages"], state["first_seq"]) == (1, 4) and alarms(shop) == 0


def stream_like(shop, **more):
    """The catalog's stream made by hand, as an operator might."""
    shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")
    made = shop.nats.request("$JS.API.STREAM.CREATE.CATALOG", {
        "name": "CATALOG", "subjects": ["catalog.>"], "storage": "file", "num_replicas": 1, "retention": "limits",
        "discard": "new", "max_consumers": -1, "max_msgs": -1, "max_bytes": 1 << 30, "max_age": 0,       # the bytes of the settings: else it is updated
        "duplicate_window": 10**9, **more})
    assert "error" not in made, made


def messages(shop):
    return shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]["messages"]


def test_a_stream_that_lost_young_events_but_remembers_their_ids_is_filled_again(open_shop):
    shop = with_three_events(open_shop, "LOST")
    stream_like(shop, duplicate_window=3 * 10**9)
    shop.start("catalog")
    eventually(lambda: messages(shop) == 3)
    shop.nats.request("$JS.API.STREAM.PURGE.CATALOG")
    shop.restart("catalog")
    eventually(lambda: messages(shop) == 3, timeout=20)
    assert alarms(shop) >= 1 and shop.catalog.get("/v1/audit/verify").json["intact"]


def test_a_stream_that_would_drop_events_is_not_used(open_shop):
    shop = open_shop(services=("catalog",), env={"LEADER_SECONDS": "4"})
    shop.stop("catalog")
    stream_like(shop, discard="old")
    shop.start("catalog")
    shop.catalog.post("/v1/products", mug("DROP")).expect(201)
    eventually(lambda: shop.metric("catalog", "backroom_nats_stalled") == 1)
    assert messages(shop) == 0 and unpublished(shop) == 1
    assert [each for each in shop.log("catalog") if "must be a file" in str(each)]
    shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")      # it is made anew, as it must be
    eventually(lambda: unpublished(shop) == 0, timeout=15)
