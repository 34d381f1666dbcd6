"""One thread reads all requests and writes all answers: nobody who waits may hold it up, however many there are."""
import json
import select
import socket
import time
from pathlib import Path

import psycopg2
import pytest

from stack.client import eventually
from test_products import mug

SHOP = {"services": ("catalog",), "env": {"POOL_SIZE": "2"}}
SOON = 1.0              # seconds
FEEDS = 40


@pytest.fixture(scope="module")
def product(shop):
    made = shop.catalog.post("/v1/products", mug("LOOP")).expect(201)
    shop.catalog.post("/v1/stock/LOOP/reorder-point", {"reorder_point": 3}).expect(200)
    return made


def connect(shop, count):
    port = shop.instances["catalog"][0].port
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]


def get(shop, path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {shop.keys.token('admin', 'ann')}\r\n\r\n".encode()


def answered(links, seconds):
    """How many of them have an answer before the time is over."""
    left, until = {link.fileno(): link for link in links}, time.monotonic() + seconds
    while left and time.monotonic() < until:
        for fd in select.select(list(left), [], [], 0.1)[0]:
            assert left.pop(fd).recv(65536).startswith(b"HTTP/1.1 200")
    return len(links) - len(left)


@pytest.mark.parametrize("count", [127, 128, 129, 256])
def test_any_number_of_requests_may_be_ready_at_once(shop, product, count):
    """libmicrohttpd's own loop waits for one more when exactly 128 or 256 connections were ready."""
    ask = get(shop, f"/v1/products/{product['id']}")
    links = connect(shop, count)
    try:
        for _ in range(5):
            shop.pause("catalog")
            for link in links:
                link.sendall(ask)
            shop.resume("catalog")
            assert answered(links, 10) == count
    finally:
        [link.close() for link in links]


def test_writers_that_wait_for_a_lock_hold_up_no_reader(shop, product):
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("select from product where id = %s for update", (product["id"],))
        writers = connect(shop, 2)              # all of the pool
        body = b'{"title":"Later"}'
        for writer in writers:
            writer.sendall(get(shop, f"/v1/products/{product['id']}").replace(b"GET", b"PATCH", 1)[:-2] +
                           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        for _ in range(20):
            began = time.monotonic()
            shop.catalog.get(f"/v1/products/{product['id']}").expect(200)
            assert time.monotonic() - began < SOON / 2
    held.close()
    [writer.close() for writer in writers]


def test_readers_of_a_locked_table_hold_up_no_reader_of_another(shop, product):
    shop.catalog.get("/v1/reorder-points/LOOP").expect(200)
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("lock table product")
        waiting = connect(shop, 2)          # one on the loop's connection, one of the pool; one is left
        for link in waiting:
            link.sendall(get(shop, f"/v1/products/{product['id']}"))
        time.sleep(0.1)
        began = time.monotonic()
        shop.catalog.get("/v1/reorder-points/LOOP", retries=0).expect(200)
        assert time.monotonic() - began < SOON
    held.close()
    assert answered(waiting, 5) == len(waiting)
    [link.close() for link in waiting]


def test_a_connection_to_postgresql_that_ended_while_nobody_used_it_costs_nobody_his_answer(shop, product):
    read = lambda: [shop.catalog.get(path, retries=0).status for path in (f"/v1/products/{product['id']}", "/v1/products?limit=1") * 3]
    assert set(read()) == {200}
    shop.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'catalog' and state = 'idle'")
    time.sleep(0.3)
    assert set(read()) == {200}


def open_files(shop):
    return len(list(Path(f"/proc/{shop.instances['catalog'][0].process.pid}/fd").iterdir()))


def test_many_live_feeds_all_hear_the_news_and_leave_nothing_behind(shop):
    shop.settle()
    before, position = open_files(shop), shop.catalog.get("/v1/audit/verify").json["head"]
    links = connect(shop, FEEDS)
    ask = get(shop, "/v1/events").replace(b"\r\nHost", b"\r\nAccept: text/event-stream\r\nLast-Event-ID: %d\r\nHost" % position)
    heard = dict.fromkeys(links, b"")
    for link in links:
        link.sendall(ask)
    eventually(lambda: all(b": welcome" in link.recv(65536, socket.MSG_PEEK) for link in links))
    made = shop.catalog.post("/v1/products", mug("LOOP-NEWS")).expect(201)

    def all_heard():
        for link in select.select(links, [], [], 0.1)[0]:
            heard[link] += link.recv(65536)
        return all(made["id"].encode() in each for each in heard.values())

    eventually(all_heard)
    assert all(json.loads(each.split(b"data: ")[1].splitlines()[0])["aggregate_id"] == made["id"] for each in heard.values())
    [link.close() for link in links]
    shop.catalog.post("/v1/products", mug("LOOP-GONE")).expect(201)       # what is told to nobody shows that he left
    eventually(lambda: open_files(shop) <= before + 2, 30)
