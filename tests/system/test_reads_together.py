"""Reads of many requests travel to PostgreSQL together: each must hear its own answer, and nobody another's fault."""
import random
import urllib.parse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from asking import disturbed

from stack.client import eventually

SHOP = {"services": ("catalog", "orders"), "env": {"POOL_SIZE": "4"}}       # one connection carries
CLIENTS, PRODUCTS = 48, 30
CANCEL = "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'catalog' and state = 'active'"
END = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'catalog' and query ilike '%%product_json%%'"


@pytest.fixture(scope="module")
def ids(shop):
    return [shop.road.draft({"sku": f"READ-{n}", "price": 100 + n})["id"] for n in range(PRODUCTS)]


def read_at_once(shop, ids, times):
    """Everybody reads what comes to his mind, also what is not there; (asked, answer) of all."""
    seed = random.randrange(1 << 32)
    print("seed", seed)

    def client(number):
        dice, heard = random.Random(seed + number), []
        for _ in range(times):
            id_ = dice.choice(ids) if dice.random() < 0.8 else "01900000-0000-7000-8000-%012x" % dice.randrange(1 << 40)
            heard.append((id_, shop.catalog.get(f"/v1/products/{id_}")))
        return heard

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for some in pool.map(client, range(CLIENTS)) for each in some]


def test_each_of_many_readers_hears_of_what_it_asked_for(shop, ids):
    heard = read_at_once(shop, ids, 40)
    late = [answer for _, answer in heard if answer.status == 503]      # only where a machine has too much to do
    for id_, answer in heard:
        assert answer in late or answer.status == (200 if id_ in ids else 404), answer
        assert answer.status != 200 or answer.json["id"] == id_
    assert len(late) < len(heard) / 2


def test_a_reader_whose_companion_is_cut_off_still_hears_its_own_answer(shop, ids):
    """Statements are cancelled and connections ended all the time: nobody hears another's answer or an unknown fault."""
    with disturbed(lambda turn: shop.sql("postgres", END if turn % 5 == 0 else CANCEL)):
        heard = read_at_once(shop, ids, 60)
    counts = Counter(answer.status for _, answer in heard)
    for id_, answer in heard:
        assert answer.status in ((200, 503) if id_ in ids else (404, 503)), answer
        assert answer.status != 200 or answer.json["id"] == id_
    assert counts[200] > counts[503], counts
    eventually(lambda: shop.catalog.get(f"/v1/products/{ids[0]}").status == 200, 10)
    assert all(answer.status in (200, 404) for _, answer in read_at_once(shop, ids, 5))


def test_connections_that_end_while_they_are_in_use_cost_no_reader_his_answer(shop, ids):
    """Nothing was done over them, so it is asked again over others."""
    for _ in range(10):
        read_at_once(shop, ids, 1)
        shop.sql("postgres", END)
        heard = [shop.catalog.get(f"/v1/products/{id_}", retries=0) for id_ in (ids[0], "01900000-0000-7000-8000-000000000000") * 8]
        assert [answer.status for answer in heard] == [200, 404] * 8


def test_keys_that_mean_something_to_an_array_are_only_keys(shop, ids):
    """Those who ask for the same kind of thing travel in one statement, their keys in one array."""
    good = [f"READ-{n}" for n in range(8)]
    for sku in good:
        shop.catalog.post(f"/v1/stock/{sku}/reorder-point", {"reorder_point": 3}).expect(200)
    odd = ['"', "\\", "{}", '{"', "NULL", "null", "a,b", 'READ-0","READ-1', "READ-0 ", "read-0", "é"]
    keys = (good * 3 + odd) * 20
    random.shuffle(keys)

    def ask(sku):
        return sku, shop.catalog.get(f"/v1/reorder-points/{urllib.parse.quote(sku, safe='')}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        for sku, answer in pool.map(ask, keys):
            assert answer.status in ((200, 503) if sku in good else (404, 503)), (sku, answer)
            assert answer.status != 200 or answer.json["sku"] == sku


def test_a_customer_sees_only_what_is_his_whoever_asks_beside_him(shop):
    shop.road.publish({"sku": "MINE", "price": 450})
    orders = [shop.road.order([("MINE", 1)], paid=False) for _ in range(8)]
    asked = [(customer, order) for customer in orders for order in orders] * 6
    random.shuffle(asked)

    def ask(each):
        customer, order = each
        return each, shop.orders.get(f"/v1/orders/{order['id']}", role="customer", sub=customer["customer_ref"])

    with ThreadPoolExecutor(CLIENTS) as pool:
        for (customer, order), answer in pool.map(ask, asked):
            assert answer.status in ((200, 503) if customer is order else (404, 503)), answer
            assert answer.status != 200 or answer.json["id"] == order["id"]
