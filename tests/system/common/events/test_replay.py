"""Replay of one consumer from its producer's event log: what it had lost comes back, each event is applied once, other consumers
notice nothing. Shown on orders' price list, which is a copy of catalog's products."""
import time
import uuid

import pytest

from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "fulfillment")}
NAME = "orders-products"
PRICES = "select sku, product_id::text, title, price, sellable from price order by sku"
# Applied events of this consumer are noted here, in the transaction that applies them.
WATCH = """
create table orders.applied (event_id uuid, at timestamptz default clock_timestamp());
create function orders.note_applied() returns trigger language plpgsql as $$
begin
    if new.consumer = 'orders-products' then
        insert into orders.applied (event_id) values (new.event_id);
    end if;
    return null;
end $$;
create trigger note_applied after insert or update on orders.inbox for each row execute function orders.note_applied();
grant all on orders.applied to orders;
"""
MANY = """
insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
select 'catalog.product.' || verb, 'product', id::text, version, 'test', repeat('a', 32),
    json_build_object('id', id, 'status', status, 'title', 'Many', 'category', 'general', 'channels', '["web"]'::json,
        'variants', json_build_array(json_build_object('sku', 'MANY-' || n, 'barcode', null, 'title', 'Many', 'price', 100 * version,
            'currency', 'GBP', 'weight_g', 1, 'stocked', true)))
from (select gen_random_uuid() as id, n from generate_series(1, %s) n) new
cross join (values (1, 'drafted', 'draft'), (2, 'published', 'published'), (3, 'published', 'published')) v(version, verb, status)
order by n, version
"""


def consumer(shop, name=NAME, service="orders"):
    found, = [each for each in shop.clients[service].get("/v1/consumers").expect(200)["data"] if each["name"] == name]
    return found


def replay(shop, **body):
    return shop.orders.post(f"/v1/consumers/{NAME}/replay", body).expect(200)


def replayed(shop, timeout=60):
    return eventually(lambda: consumer(shop)["replay"]["finished_at"], timeout)


def expire(shop):
    """All that was published so far is gone from the stream, as after seven days."""
    shop.settle()
    shop.nats.request("$JS.API.STREAM.PURGE.CATALOG")


def lose_prices(shop):
    shop.orders.post(f"/v1/consumers/{NAME}/pause").expect(200)
    shop.sql("orders", "delete from price")


def publish(shop, sku, price):
    """Without waiting until orders knows it."""
    known, shop.workflow.is_known = shop.workflow.is_known, None
    shop.workflow.publish({"sku": sku, "price": price})
    shop.workflow.is_known = known


def product_events(shop, after=0):
    return [each["id"] for each in shop.events("catalog", type="catalog.product.*") if each["position"] > after]


def applied_since(shop, begin):
    return [row["id"] for row in shop.sql("orders", "select event_id::text as id from applied where at > %s", begin)]


@pytest.fixture(scope="module", autouse=True)
def watched(shop):
    shop.sql("postgres", WATCH)
    for n in range(5):
        shop.workflow.publish({"sku": f"COPY-{n}", "price": 100 + n})
    shop.settle()


def test_consumers_are_listed_with_their_positions(shop):
    def known():
        found = consumer(shop)
        return found["delivered_seq"] == found["acknowledged_seq"] > 0 and found
    found = eventually(known, 15)
    assert (found["state"], found["subject"], found["replayable"], found["replay"]) == ("active", "catalog.product.*", True, None)
    assert (found["pending"], found["unacknowledged"]) == (0, 0)
    assert shop.orders.as_("storefront").get("/v1/consumers").status == 403
    assert shop.orders.as_("storefront").post(f"/v1/consumers/{NAME}/pause").status == 403


def test_a_copy_that_was_lost_comes_back_though_the_stream_has_expired(shop):
    before, others = shop.sql("orders", PRICES), shop.sql("fulfillment", "select * from inbox order by event_id")
    begin = shop.value("orders", "select clock_timestamp()")
    expire(shop)
    lose_prices(shop)
    assert consumer(shop)["state"] == "paused"
    assert replay(shop, mode="all")["state"] == "replaying"
    replayed(shop)
    assert shop.sql("orders", PRICES) == before and consumer(shop)["state"] == "active"
    assert sorted(applied_since(shop, begin)) == sorted(product_events(shop)), "each event once"
    assert shop.sql("fulfillment", "select * from inbox order by event_id") == others
    assert shop.orders.get("/v1/dead-letters").json["data"] == []


def test_a_paused_consumer_applies_nothing_and_goes_on_when_it_is_resumed(shop):
    shop.orders.post(f"/v1/consumers/{NAME}/pause").expect(200)
    publish(shop, "PAUSED", 900)
    time.sleep(1.5)
    assert shop.orders.get("/v1/prices/PAUSED").status == 404
    shop.orders.post(f"/v1/consumers/{NAME}/resume").expect(200)
    eventually(lambda: shop.orders.get("/v1/prices/PAUSED").status == 200, 15)


def test_events_published_during_a_replay_are_applied_once_and_last(shop):
    shop.sql("catalog", MANY, 1000)
    shop.settle()
    lose_prices(shop)
    begin = shop.value("orders", "select clock_timestamp()")
    replay(shop, mode="all")
    for n in range(10):
        publish(shop, f"DURING-{n}", 200 + n)
    replayed(shop)
    shop.settle()
    applied = applied_since(shop, begin)
    assert sorted(applied) == sorted(product_events(shop))
    assert shop.value("orders", "select count(*) from price where sku like 'MANY-%%' and price = 300") == 1000
    assert shop.value("orders", "select count(*) from price where sku like 'DURING-%%'") == 10


def test_a_replay_goes_on_where_it_was_when_the_service_is_killed(shop):
    before = shop.sql("orders", PRICES)
    lose_prices(shop)
    begin = shop.value("orders", "select clock_timestamp()")
    replay(shop, mode="all")
    for _ in range(3):
        eventually(lambda: applied_since(shop, begin))
        shop.kill("orders")
        shop.start("orders")
    replayed(shop)
    assert shop.sql("orders", PRICES) == before
    assert sorted(applied_since(shop, begin)) == sorted(product_events(shop))


def test_a_replay_may_begin_at_a_position_or_a_time(shop):
    shop.settle()
    last = shop.value("catalog", "select max(position) from event")
    time.sleep(1)
    publish(shop, "LATE", 700)
    shop.settle()
    for where in ({"from_position": last + 1}, {"from_time": shop.value("catalog", "select to_json(at)#>>'{}' from event where position = %s", last + 1)}):
        lose_prices(shop)
        begin = shop.value("orders", "select clock_timestamp()")
        replay(shop, mode="all", **where)
        replayed(shop)
        applied = applied_since(shop, begin)
        assert len(applied) == len(set(applied)) and set(applied) >= set(product_events(shop, last))
        assert shop.orders.get("/v1/prices/LATE").expect(200)["price"] == 700
        assert len(applied) < 3000 or "from_time" in where
    publish(shop, "LATE-2", 800)
    eventually(lambda: shop.orders.get("/v1/prices/LATE-2").status == 200, 15)


def test_a_replay_of_what_is_missing_applies_only_that(shop):
    replay(shop, mode="all")
    replayed(shop)
    begin = shop.value("orders", "select clock_timestamp()")
    replay(shop)
    replayed(shop)
    assert applied_since(shop, begin) == []
    lost, = shop.sql("orders", "delete from inbox_cursor where consumer = 'orders-products' and ctid in "
                     "(select ctid from inbox_cursor where consumer = 'orders-products' limit 1) returning aggregate_id as id")
    replay(shop, mode="missing")
    replayed(shop)
    should = [each["id"] for each in shop.events("catalog", aggregate=lost["id"])]
    assert applied_since(shop, begin) == should


def test_a_new_consumer_of_an_old_stream_begins_with_the_event_log(shop):
    before = shop.sql("orders", PRICES)
    expire(shop)
    publish(shop, "AFTERWARDS", 300)
    shop.settle()
    shop.stop("orders")
    for table in ("price", "inbox where consumer = 'orders-products'", "inbox_cursor where consumer = 'orders-products'",
                  "consumer where name = 'orders-products'"):
        shop.sql("orders", f"delete from {table}")
    shop.nats.request(f"$JS.API.CONSUMER.DELETE.CATALOG.{NAME}")
    shop.start("orders")
    eventually(lambda: len(shop.sql("orders", PRICES)) == len(before) + 1, 60)
    shop.settle()
    assert [row for row in shop.sql("orders", PRICES) if row["sku"] != "AFTERWARDS"] == before
    assert consumer(shop)["replay"]["mode"] == "missing" and consumer(shop)["state"] == "active"


def test_what_cannot_be_applied_in_a_replay_becomes_a_dead_letter_and_the_rest_goes_on(shop):
    shop.sql("catalog", """
        insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
        values ('catalog.product.published', 'product', %s, 1, 'test', repeat('b', 32), '{"id": 5}')""", str(uuid.uuid4()))
    letter, = eventually(lambda: shop.orders.get("/v1/dead-letters").json["data"], 15)
    shop.orders.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "no product"}).expect(200)
    before = shop.sql("orders", PRICES)
    lose_prices(shop)
    replay(shop, mode="all")
    replayed(shop)
    assert shop.sql("orders", PRICES) == before
    again, = shop.orders.get("/v1/dead-letters").json["data"]
    assert (again["id"], again["state"]) == (letter["id"], "open")
    shop.sql("postgres", "set session_replication_role = replica; delete from catalog.event where trace = repeat('b', 32)")
    shop.orders.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "no product"}).expect(200)


def test_a_replay_is_refused_where_it_would_do_harm_or_means_nothing(shop):
    refused = shop.orders.post("/v1/consumers/orders-reservations/replay", {"mode": "all"})
    assert (refused.status, refused.code) in ((409, "consumer.not_replayable"),)
    assert shop.orders.post(f"/v1/consumers/{NAME}/replay", {"from_position": 1, "from_time": "2026-01-01T00:00:00Z"}).status == 422
    assert shop.orders.post(f"/v1/consumers/{NAME}/replay", {"mode": "some"}).status == 422
    assert shop.orders.post("/v1/consumers/nobody/replay", {}).status == 404


def test_a_replay_waits_for_its_producer(shop):
    before = shop.sql("orders", PRICES)
    shop.stop("catalog")
    lose_prices(shop)
    replay(shop, mode="all")
    time.sleep(3)
    assert consumer(shop)["state"] == "replaying" and shop.ready("orders")
    shop.start("catalog")
    replayed(shop)
    assert shop.sql("orders", PRICES) == before


def test_of_three_instances_one_replays(open_shop):
    shop = open_shop(services=("catalog", "orders"), instances=3, env={"POOL_SIZE": "4"})
    shop.sql("catalog", MANY, 500)
    shop.settle()
    shop.sql("postgres", WATCH)
    begin = shop.value("orders", "select clock_timestamp()")
    lose_prices(shop)
    replay(shop, mode="all")
    replayed(shop)
    assert sorted(applied_since(shop, begin)) == sorted(product_events(shop))
    assert shop.value("orders", "select count(*) from price where price = 300") == 500
