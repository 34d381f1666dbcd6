"""Changes of many requests are written to PostgreSQL together: each must get what it wrote, and nobody another's fault."""
import itertools
import random
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest
from asking import disturbed
from order_news import News, cart

from stack.client import eventually

SHOP = {"services": ("orders",)}
CLIENTS = 40
PRICES = {"CUP": 450, "POT": 1250, "POST": 395}
END = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'orders' and query ilike '%%(select) batch%%'"
CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'orders' and state = 'active'"
ODD = ['plain', '"', "\\", "{}", '{"a":"b"}', "null", "NULL", "a,b", "é", "$1", ":batch", "a\nb", " "]


@pytest.fixture(scope="module")
def news(shop):
    said = News(shop)
    said.product(("CUP", 450), ("POT", 1250), ("POST", 395, {"stocked": False}))
    return said


def held_up(shop):
    """Nobody writes an order for a moment, so that those who come gather."""
    return disturbed(lambda _: shop.sql("postgres", "begin; lock table orders.orders in share row exclusive mode; select pg_sleep(0.03); commit"))


def at_once(seed, times, do):
    """do(dice, client's number, turn) by every client so many times; what it returned."""
    print("seed", seed)

    def client(number):
        dice = random.Random(seed * CLIENTS + number)
        return [do(dice, number, turn) for turn in range(times)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for some in pool.map(client, range(CLIENTS)) for each in some]


def an_order(shop, dice, ref):
    lines = [(dice.choice(list(PRICES)), dice.randint(1, 9)) for _ in range(dice.choice([1, 1, 1, 2, 2, 3, 7]))]
    body = {**cart(shop, *lines), "channel_ref": ref}
    total = sum(PRICES[sku] * quantity for sku, quantity in lines)
    body["customer"]["name"] = f"{ref} {dice.choice(ODD)}".strip()
    body["ship_to"]["street"] = f"{ref} {dice.choice(ODD)}".strip()
    if dice.random() < 0.5:
        body["wishes"] = {"note": dice.choice(ODD)}
    if dice.random() < 0.4:
        body["payment"] = {"method": "card", "amount": dice.choice([total, total, 1]), "reference": f"pay-{ref}"}
    return body


def is_it(order, asked):
    """Is this the order that was asked for, and nobody else's?"""
    assert order["channel_ref"] == asked["channel_ref"]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(line["sku"], line["quantity"]) for line in asked["lines"]]
    assert order["total"] == sum(PRICES[line["sku"]] * line["quantity"] for line in asked["lines"])
    assert order["paid"] == asked.get("payment", {"amount": 0})["amount"]
    assert order["customer"]["name"] == asked["customer"]["name"] and order["ship_to"]["street"] == asked["ship_to"]["street"]
    assert order.get("wishes") == asked.get("wishes")
    return True


def test_each_of_many_gets_the_order_it_placed(shop, news):
    """New ones of all kinds, beside ones that come again, that differ, and that cannot be."""
    refs = itertools.count()

    def place(dice, _, __):
        ref = f"together-{next(refs)}"
        body, key = an_order(shop, dice, ref), f"key-{ref}"
        if dice.random() < 0.15:
            no = shop.orders.post("/v1/orders", {**body, "lines": [{"sku": "NEVER", "quantity": 1}]}, key=f"no-{key}")
            assert (no.status, no.codes) == (422, ["order.unknown_sku"]), no
        made = shop.orders.post("/v1/orders", body, key=key)
        assert made.status == 201 and is_it(made.json, body), made
        assert made.headers["Location"] == f"/v1/orders/{made.json['id']}"
        assert made.headers["ETag"] == f'"v{made.json["version"]}"'
        again = shop.orders.post("/v1/orders", body, key=key)
        assert (again.status, again.body, again.headers["ETag"]) == (201, made.body, made.headers["ETag"])
        if dice.random() < 0.2:
            other = shop.orders.post("/v1/orders", body, key=f"other-{key}")
            assert other.status == 200 and other.json["id"] == made.json["id"]
            differs = shop.orders.post("/v1/orders", {**body, "currency": "EUR"}, key=f"differs-{key}")
            assert differs.code in ("order.channel_ref_reused", "order.invalid"), differs
        return made.json["id"], body

    with held_up(shop):
        placed = at_once(random.randrange(1 << 32), 6, place)
    assert len({id_ for id_, _ in placed}) == len(placed)
    for id_, body in placed:
        assert is_it(shop.orders.get(f"/v1/orders/{id_}").json, body)
        told = [(each["type"], each["version"]) for each in shop.orders.get(f"/v1/orders/{id_}/timeline").json["data"]]
        assert told[0] == ("orders.order.placed", 1) and [version for _, version in told] == list(range(1, len(told) + 1))
        assert (("orders.order.paid", 2) in told) == ("payment" in body)
        assert shop.value("orders", "select count(*) from deadline where aggregate_id = %s", id_) == \
            (1 if body.get("payment", {}).get("amount") == shop.orders.get(f"/v1/orders/{id_}").json["total"] else 2)
    assert shop.metric("orders", "backroom_commit_batch_requests_total") >= 3 * shop.metric("orders", "backroom_commit_batches_total") > 0
    eventually(lambda: shop.value("orders", "select count(*) from event where seq is null") == 0, 20)


def test_the_same_order_many_times_at_once_is_one_order(shop, news):
    """With keys of their own, and with the same key, beside others."""
    seed = random.randrange(1 << 32)
    bodies = {n: an_order(shop, random.Random(seed + n), f"same-{seed}-{n}") for n in range(8)}

    def place(dice, number, turn):
        n = dice.randrange(len(bodies))
        key = f"same-{seed}-{n}" if dice.random() < 0.4 else f"own-{seed}-{number}-{turn}"
        return n, shop.orders.post("/v1/orders", bodies[n], key=key)

    with held_up(shop):
        answers = at_once(seed, 6, place)
    ids = defaultdict(set)
    for n, answer in answers:
        assert answer.status in (200, 201) or answer.code == "idempotency.in_progress", answer
        if answer.status < 300:
            ids[n].add(answer.json["id"])
            assert is_it(answer.json, bodies[n])
    assert all(len(each) == 1 for each in ids.values()), ids
    assert shop.value("orders", "select count(*) from orders where channel_ref like %s", f"same-{seed}-%") == len(ids)


def test_who_travels_with_somebody_that_is_cut_off_is_told_the_truth(shop, news):
    """Statements are cancelled and connections ended all the time: whatever is answered is so, and what is asked again with its
    key is done once."""
    refs = itertools.count()

    def place(dice, _, __):
        ref = f"cut-{next(refs)}"
        body, tries = an_order(shop, dice, ref), 0
        while True:
            made = shop.orders.post("/v1/orders", body, key=ref)
            assert made.status in (201, 503), made
            if made.status == 201:
                assert is_it(made.json, body)
                return ref, made.json["id"], tries
            tries += 1
            time.sleep(dice.random() / 10)

    with held_up(shop), disturbed(lambda turn: shop.sql("postgres", END if turn % 3 == 0 else CANCEL)):
        placed = at_once(random.randrange(1 << 32), 5, place)
    print("tries", Counter(tries for _, _, tries in placed))
    assert len({id_ for _, id_, _ in placed}) == len(placed)
    assert shop.value("orders", "select count(*) from orders where channel_ref like 'cut-%%'") == len(placed)
    assert shop.value("orders", "select count(*) from event e join orders o on o.id::text = e.aggregate_id "
                      "where o.channel_ref like 'cut-%%' and e.type = 'orders.order.placed'") == len(placed)


def test_nobody_waits_long_for_a_transaction_that_is_held_up(shop, news):
    """Two that wait for a lock are all that may be under way; whoever comes then goes by himself."""
    dice = random.Random(1)
    blocked = [an_order(shop, dice, f"blocked-{n}") for n in range(2)]
    bodies = [an_order(shop, dice, f"free-{n}") for n in range(4)]
    # It has written what those two want to write.
    with closing(psycopg2.connect(shop.postgres.url("orders", shop.database))) as other:
        for body in blocked:
            other.cursor().execute("insert into orders (id, channel, channel_ref, intake, currency, customer_ref, ship_country, "
                                   "stock_status, stocked_units, gross, total, personal) values (uuid_v7(), %s, %s, repeat('0', 64), "
                                   "'GBP', 'c', 'GB', 'pending', 1, 1, 1, '{}')", (body["channel"], body["channel_ref"]))
        with ThreadPoolExecutor(8) as pool:
            waiting = []
            for body in blocked:                            # one after the other, or they would travel together
                waiting.append(pool.submit(shop.orders.post, "/v1/orders", body))
                eventually(lambda: shop.value("postgres", "select count(*) from pg_stat_activity where usename = 'orders' "
                                              "and wait_event_type = 'Lock'") == len(waiting), 0.5)
            began = time.monotonic()
            assert [each.status for each in pool.map(lambda body: shop.orders.post("/v1/orders", body), bodies)] == [201] * len(bodies)
            assert time.monotonic() - began < 0.9, "well below the second that those two wait"
            other.rollback()
            assert [each.result().status for each in waiting] == [201, 201]
