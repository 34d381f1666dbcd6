"""Group commit: writes of concurrent requests share a commit; each gets its own result and never the error of another."""
import itertools
import random
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from contextlib import closing

import psycopg2
import pytest
from client_load import repeated
from event_publisher import EventPublisher
from order_steps import cart

from stack.client import eventually

SHOP = {"services": ("orders",)}
CLIENTS = 40
PRICES = {"CUP": 450, "POT": 1250, "POST": 395}
END = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'orders' and query ilike '%%(select) batch%%'"
CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'orders' and state = 'active'"
ODD = ['plain', '"', "\\", "{}", '{"a":"b"}', "null", "NULL", "a,b", "é", "$1", ":batch", "a\nb", " "]


@pytest.fixture(scope="module")
def publisher(shop):
    publisher = EventPublisher(shop)
    publisher.product(("CUP", 450), ("POT", 1250), ("POST", 395, {"stocked": False}))
    return publisher


def writes_blocked(shop):
    """Block writes of orders for a moment, so that concurrent ones form a batch."""
    return repeated(lambda _: shop.sql("postgres", "begin; lock table orders.orders in share row exclusive mode; select pg_sleep(0.03); commit"))


def at_once(seed, times, do):
    """Run do(dice, client, turn) for every client and turn; the results."""
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


def is_requested(order, requested):
    """Whether this is the order that was requested."""
    assert order["channel_ref"] == requested["channel_ref"]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(line["sku"], line["quantity"]) for line in requested["lines"]]
    assert order["total"] == sum(PRICES[line["sku"]] * line["quantity"] for line in requested["lines"])
    assert order["paid"] == requested.get("payment", {"amount": 0})["amount"]
    assert order["customer"]["name"] == requested["customer"]["name"] and order["ship_to"]["street"] == requested["ship_to"]["street"]
    assert order.get("wishes") == requested.get("wishes")
    return True


def test_each_of_many_concurrent_requests_gets_the_order_it_placed(shop, publisher):
    """New orders of all kinds, beside repeated, contradicting and invalid ones."""
    refs = itertools.count()
    post = partial(shop.orders.post, patience=20)           # a busy service responds 503

    def place(dice, _, __):
        ref = f"together-{next(refs)}"
        body, key = an_order(shop, dice, ref), f"key-{ref}"
        if dice.random() < 0.15:
            no = post("/v1/orders", {**body, "lines": [{"sku": "NEVER", "quantity": 1}]}, key=f"no-{key}")
            assert (no.status, no.codes) == (422, ["order.unknown_sku"]), no
        made = post("/v1/orders", body, key=key)
        assert made.status == 201 and is_requested(made.json, body), made
        assert made.headers["Location"] == f"/v1/orders/{made.json['id']}"
        assert made.headers["ETag"] == f'"v{made.json["version"]}"'
        again = post("/v1/orders", body, key=key)
        assert (again.status, again.body, again.headers["ETag"]) == (201, made.body, made.headers["ETag"])
        if dice.random() < 0.2:
            other = post("/v1/orders", body, key=f"other-{key}")
            assert other.status == 200 and other.json["id"] == made.json["id"]
            differs = post("/v1/orders", {**body, "currency": "EUR"}, key=f"differs-{key}")
            assert differs.code in ("order.channel_ref_reused", "order.invalid"), differs
        return made.json["id"], body

    with writes_blocked(shop):
        placed = at_once(random.randrange(1 << 32), 6, place)
    assert len({id_ for id_, _ in placed}) == len(placed)
    for id_, body in placed:
        assert is_requested(shop.orders.get(f"/v1/orders/{id_}").json, body)
        reported = [(each["type"], each["version"]) for each in shop.orders.get(f"/v1/orders/{id_}/timeline").json["data"]]
        assert reported[0] == ("orders.order.placed", 1) and [version for _, version in reported] == list(range(1, len(reported) + 1))
        assert (("orders.order.paid", 2) in reported) == ("payment" in body)
        assert shop.value("orders", "select count(*) from deadline where aggregate_id = %s", id_) == \
            (1 if body.get("payment", {}).get("amount") == shop.orders.get(f"/v1/orders/{id_}").json["total"] else 2)
    assert shop.metric("orders", "backroom_commit_batch_requests_total") >= 3 * shop.metric("orders", "backroom_commit_batches_total") > 0
    eventually(lambda: shop.value("orders", "select count(*) from event where seq is null") == 0, 20)


def test_the_same_order_sent_many_times_at_once_is_one_order(shop, publisher):
    """With different keys and with the same key, beside other orders."""
    seed, post = random.randrange(1 << 32), partial(shop.orders.post, patience=20)
    bodies = {n: an_order(shop, random.Random(seed + n), f"same-{seed}-{n}") for n in range(8)}

    def place(dice, number, turn):
        n = dice.randrange(len(bodies))
        key = f"same-{seed}-{n}" if dice.random() < 0.4 else f"own-{seed}-{number}-{turn}"
        return n, post("/v1/orders", bodies[n], key=key)

    with writes_blocked(shop):
        answers = at_once(seed, 6, place)
    ids = defaultdict(set)
    for n, answer in answers:
        assert answer.status in (200, 201) or answer.code == "idempotency.in_progress", answer
        if answer.status < 300:
            ids[n].add(answer.json["id"])
            assert is_requested(answer.json, bodies[n])
    assert all(len(each) == 1 for each in ids.values()), ids
    assert shop.value("orders", "select count(*) from orders where channel_ref like %s", f"same-{seed}-%") == len(ids)


def test_a_request_in_a_batch_whose_session_ends_gets_a_true_response(shop, publisher):
    """Statements are cancelled and sessions terminated: every response is true, and a retry with the same key has one effect."""
    refs = itertools.count()

    def place(dice, _, __):
        ref = f"cut-{next(refs)}"
        body, tries = an_order(shop, dice, ref), 0
        while True:
            made = shop.orders.post("/v1/orders", body, key=ref)
            assert made.status in (201, 503), made
            if made.status == 201:
                assert is_requested(made.json, body)
                return ref, made.json["id"], tries
            tries += 1
            time.sleep(dice.random() / 10)

    with writes_blocked(shop), repeated(lambda turn: shop.sql("postgres", END if turn % 3 == 0 else CANCEL)):
        placed = at_once(random.randrange(1 << 32), 5, place)
    print("tries", Counter(tries for _, _, tries in placed))
    assert len({id_ for _, id_, _ in placed}) == len(placed)
    assert shop.value("orders", "select count(*) from orders where channel_ref like 'cut-%%'") == len(placed)
    assert shop.value("orders", "select count(*) from event e join orders o on o.id::text = e.aggregate_id "
                      "where o.channel_ref like 'cut-%%' and e.type = 'orders.order.placed'") == len(placed)


def test_no_request_waits_long_for_a_blocked_transaction(shop, publisher):
    """While two batches wait for a lock, further requests run on their own."""
    dice = random.Random(1)
    blocked = [an_order(shop, dice, f"blocked-{n}") for n in range(2)]
    bodies = [an_order(shop, dice, f"free-{n}") for n in range(4)]
    # This session has written the rows that those two want to write.
    with closing(psycopg2.connect(shop.postgres.url("orders", shop.database))) as other:
        for body in blocked:
            other.cursor().execute("insert into orders (id, channel, channel_ref, request_digest, currency, customer_ref, ship_country, "
                                   "stock_status, stocked_units, gross, total, personal) values (uuid_v7(), %s, %s, repeat('0', 64), "
                                   "'GBP', 'c', 'GB', 'pending', 1, 1, 1, '{}')", (body["channel"], body["channel_ref"]))
        with ThreadPoolExecutor(8) as pool:
            waiting = []
            for body in blocked:                            # one after the other, or they would form a batch
                waiting.append(pool.submit(shop.orders.post, "/v1/orders", body))
                eventually(lambda: shop.value("postgres", "select count(*) from pg_stat_activity where usename = 'orders' "
                                              "and wait_event_type = 'Lock'") == len(waiting), 0.5)
            began = time.monotonic()
            assert [each.status for each in pool.map(lambda body: shop.orders.post("/v1/orders", body), bodies)] == [201] * len(bodies)
            assert time.monotonic() - began < 0.9, "well below the second that those two wait"
            other.rollback()
            assert [each.result().status for each in waiting] == [201, 201]
