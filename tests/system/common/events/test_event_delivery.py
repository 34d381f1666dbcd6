"""How events are heard: disorder, repeats, gaps, poison, a consumer that vanishes. Shown on orders' price list."""
import json
import time
import uuid

import pytest

from order_news import News
from stack.client import eventually

SHOP = {"services": ("orders",), "env": {"CONSUME_BACKOFF_MS": "20"}}


@pytest.fixture(scope="module")
def news(shop):
    return News(shop)


def variants(sku, price):
    return [{"sku": sku, "barcode": sku, "title": sku, "price": price, "currency": "GBP", "weight_g": 1, "stocked": True}]


def say(news, product, version, verb, price, sku):
    data = {"id": product, "status": verb, "title": "T", "category": "c", "channels": ["web"], "variants": variants(sku, price)}
    return news.say(f"catalog.product.{verb}", product, data, version)


def price(shop, sku):
    found = shop.orders.get(f"/v1/prices/{sku}")
    return found.json["price"] if found.status == 200 else None


def test_one_aggregates_events_are_applied_by_version_whatever_the_order_of_arrival(shop, news):
    product = str(uuid.uuid4())
    shop.pause("orders")
    for version, cents in ((3, 300), (1, 100), (4, 400), (2, 200), (2, 200)):
        say(news, product, version, "published", cents, "SHUFFLED")
    shop.resume("orders")
    eventually(lambda: price(shop, "SHUFFLED") == 400)
    assert shop.value("orders", "select version from inbox_cursor where aggregate_id = %s", product) == 4


def test_after_a_gap_it_waits_for_what_is_missing(shop, news):
    product = str(uuid.uuid4())
    say(news, product, 2, "published", 222, "GAPPED")
    time.sleep(0.5)
    assert price(shop, "GAPPED") is None
    say(news, product, 1, "drafted", 111, "GAPPED")
    eventually(lambda: price(shop, "GAPPED") == 222)


@pytest.mark.parametrize("poison", [b"{", b"[]", b'{"specversion":"1.0"}', b"\xff\xfe", b"x" * 100000, b"[" * 50000])
def test_what_is_no_event_is_set_aside_and_others_flow_on(shop, news, poison):
    before = len(shop.orders.get("/v1/dead-letters").json["data"])
    shop.nats.publish("catalog.product.published", poison)
    news.product((f"AFTER-{len(poison)}-{poison[0]}", 100))
    dead = eventually(lambda: [row for row in shop.orders.get("/v1/dead-letters").json["data"]][: -before or None])
    assert dead[0]["code"] == "event.malformed" and dead[0]["state"] == "open"
    kept = shop.value("orders", "select body from dead_letter where id = %s", dead[0]["id"])
    assert json.loads(kept) == (poison.hex() if poison[0] > 127 else poison.decode())


def test_what_is_no_event_is_one_dead_letter_however_often_it_is_delivered(shop, news):
    poison = b'{"specversion":"1.0","told":"twice"}'
    for _ in range(2):
        shop.nats.publish("catalog.product.published", poison)
    shop.nats.request("$JS.API.CONSUMER.DELETE.CATALOG.orders-products")          # made again, it is given everything again
    news.product(("AFTER-TWICE", 100))
    eventually(lambda: price(shop, "AFTER-TWICE") == 100, 20)
    shop.settle()
    assert shop.value("orders", "select count(*) from dead_letter where body like %s", "%twice%") == 1


def test_an_event_that_cannot_be_applied_is_set_aside_retried_and_discarded(shop, news):
    product = str(uuid.uuid4())
    say(news, product, 1, "drafted", 1, "SICK")
    data = {"id": product, "status": "published", "title": "T", "category": "c", "channels": ["web"],
            "variants": [{"sku": "SICK", "barcode": "x", "title": "x", "price": "much", "currency": "GBP", "weight_g": 1, "stocked": True}]}
    news.say("catalog.product.published", product, data, 2)
    news.product(("HEALTHY", 100))
    letter = eventually(lambda: [row for row in shop.orders.get("/v1/dead-letters").json["data"]
                                 if row["aggregate_id"] == product and row["version"] == 2][0], timeout=60)
    say(news, product, 3, "published", 300, "SICK")     # beside the second it would hide its fault: the last word counts
    news.product(("HEALTHIER", 100))
    assert price(shop, "SICK") in (None, 1)
    assert shop.orders.post(f"/v1/dead-letters/{letter['id']}/retry").status in (409, 422, 500)
    done = shop.orders.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "the price is no number"}).expect(200)
    assert done["state"] == "discarded"
    eventually(lambda: price(shop, "SICK") == 300, timeout=20)
    assert shop.orders.post(f"/v1/dead-letters/{letter['id']}/retry").code == "dead_letter.closed"


def test_a_deleted_consumer_is_made_again_and_repeats_change_nothing(shop, news):
    news.product(("KEPT", 500))
    applied = shop.value("orders", "select count(*) from inbox")
    name = next(each["name"] for each in shop.consumers("catalog") if "product" in each["name"])
    shop.nats.request(f"$JS.API.CONSUMER.DELETE.CATALOG.{name}")
    news.product(("LATER", 600))
    assert price(shop, "KEPT") == 500
    assert shop.value("orders", "select count(*) from inbox") == applied + 1


def test_a_consumer_that_the_server_gives_nothing_is_made_anew(shop, news):
    """Here because it may have one unanswered message only, and that waits for an earlier one; the server's own reasons are
    harder to bring about."""
    product, name = str(uuid.uuid4()), "orders-products"
    config = next(each["config"] for each in shop.consumers("catalog") if each["name"] == name)
    answer = shop.nats.request(f"$JS.API.CONSUMER.DURABLE.CREATE.CATALOG.{name}",
                               {"stream_name": "CATALOG", "config": {**config, "max_ack_pending": 1}})
    assert answer["config"]["max_ack_pending"] == 1, answer
    say(news, product, 2, "published", 222, "STUCK")
    time.sleep(0.3)
    say(news, product, 1, "drafted", 111, "STUCK")
    assert price(shop, "STUCK") is None
    eventually(lambda: price(shop, "STUCK") == 222, 30)


def test_a_stop_hands_back_what_it_did_not_look_at(shop, news):
    shop.pause("orders")
    for n in range(600):
        say(news, str(uuid.uuid4()), 1, "published", 100, f"MANY-{n}")
    shop.resume("orders")
    shop.restart("orders")
    began = time.monotonic()
    eventually(lambda: shop.value("orders", "select count(*) from price where sku like 'MANY-%%'") == 600, timeout=30)
    assert time.monotonic() - began < 9, "nothing waits for its time to run out"


def test_thousands_of_newer_events_before_the_older_ones_do_not_keep_those_out(shop, news):
    products = [str(uuid.uuid4()) for _ in range(1500)]
    shop.pause("orders")
    for number, product in enumerate(products):
        say(news, product, 2, "published", 200, f"NEWER-{number}")
    for number, product in enumerate(products):
        say(news, product, 1, "drafted", 100, f"NEWER-{number}")
    shop.resume("orders")
    eventually(lambda: shop.value("orders", "select count(*) from price where sku like 'NEWER-%%' and price = 200") == 1500,
               timeout=60)
