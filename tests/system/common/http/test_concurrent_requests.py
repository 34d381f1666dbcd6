"""Many connections at once: each has its response, none waits for another, and what they cost is bounded."""
import json
import os
import resource
import select
import socket
import time
from pathlib import Path

import psycopg2
import pytest

from stack.client import eventually
from products import mug

SOON = 1.0              # seconds
FEEDS = 40
BUSY, IDLE = 1000, 2000     # connections
MEMORY = 120                # MiB
SHOP = {"services": ("catalog",), "env": {"POOL_SIZE": "2", "STREAMS": str(FEEDS), "CONNECTIONS_PER_ADDRESS": "2048"}}


@pytest.fixture(scope="module")
def product(shop):
    made = shop.catalog.post("/v1/products", mug("LOOP")).expect(201)
    shop.catalog.post("/v1/stock/LOOP/reorder-point", {"reorder_point": 3}).expect(200)
    return made


def connect(shop, count):
    port = shop.instances["catalog"][0].port
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]


@pytest.fixture(scope="module", autouse=True)
def files():
    """Each connection is one for the tests, too."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def get(shop, path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {shop.keys.token('admin', 'ann')}\r\n\r\n".encode()


def ready(links, seconds):
    """Those of them that can be read within so many seconds; select() knows no number past 1023."""
    watch = select.poll()
    by_number = {link.fileno(): link for link in links}
    for number in by_number:
        watch.register(number, select.POLLIN)
    return [by_number[number] for number, _ in watch.poll(seconds * 1000)]


def answered(links, seconds):
    """How many of them have a response before the time is over."""
    left, until = set(links), time.monotonic() + seconds
    while left and time.monotonic() < until:
        for link in ready(left, 0.1):
            assert link.recv(65536).startswith(b"HTTP/1.1 200")
            left.remove(link)
    return len(links) - len(left)


@pytest.mark.parametrize("count", [127, 128, 129, 256])
def test_any_number_of_requests_may_arrive_at_once(shop, count):
    """libmicrohttpd waits for one more when exactly 128 or 256 connections were ready in an event loop of its own. What is asked for
    needs no connection of the pool, for which so many would wait too long on a slow machine."""
    ask = get(shop, "/problems/route.unknown")
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


def submit(shop, product, key):
    return get(shop, f"/v1/products/{product['id']}/submit").replace(b"GET", b"POST", 1)[:-2] + \
        f"Idempotency-Key: {key}\r\nContent-Length: 0\r\n\r\n".encode()


def waiting_sessions(shop):
    return shop.value("postgres", "select count(*) from pg_stat_activity where usename = 'catalog' and wait_event_type = 'Lock'")


def test_a_write_that_waits_for_a_lock_does_not_delay_reads(shop, product):
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("select from product where id = %s for update", (product["id"],))
        writer, = connect(shop, 1)              # one connection of the pool is left
        writer.sendall(submit(shop, product, "waits"))
        eventually(lambda: waiting_sessions(shop))
        for _ in range(20):
            began = time.monotonic()
            shop.catalog.get(f"/v1/products/{product['id']}").expect(200)
            assert time.monotonic() - began < SOON / 2
    held.close()
    writer.close()


def test_the_operations_port_responds_while_every_request_waits(shop, product):
    """Two requests wait for a lock with both connections of the pool, the others for a connection."""
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("lock table product")
        links, times = connect(shop, 64), []
        for number, link in enumerate(links):
            link.sendall(submit(shop, product, f"all-{number}"))
        eventually(lambda: waiting_sessions(shop) == 2)
        for _ in range(20):
            began = time.monotonic()
            assert shop.ops("catalog", "/livez")[0] == 200
            times.append(time.monotonic() - began)
        assert sorted(times)[len(times) // 2] < 0.05, times
        assert shop.metric("catalog", "backroom_http_in_flight") >= 2
    held.close()
    [link.close() for link in links]


def test_reads_of_a_locked_table_do_not_delay_reads_of_another(shop, product):
    shop.catalog.get("/v1/reorder-points/LOOP").expect(200)
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("lock table product")
        waiting = connect(shop, 1)          # one connection of the pool is left
        for link in waiting:
            link.sendall(get(shop, f"/v1/products/{product['id']}"))
        time.sleep(0.1)
        began = time.monotonic()
        shop.catalog.get("/v1/reorder-points/LOOP", retries=0).expect(200)
        assert time.monotonic() - began < SOON
    held.close()
    assert answered(waiting, 5) == len(waiting)
    [link.close() for link in waiting]


def test_an_idle_database_session_that_was_terminated_fails_no_request(shop, product):
    read = lambda: [shop.catalog.get(path, retries=0).status for path in (f"/v1/products/{product['id']}", "/v1/products?limit=1") * 3]
    assert set(read()) == {200}
    shop.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'catalog' and state = 'idle'")
    time.sleep(0.3)
    assert set(read()) == {200}


def memory(shop):
    """MiB, shared pages divided among the processes that share them."""
    text = Path(f"/proc/{shop.instances['catalog'][0].process.pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


@pytest.mark.skipif("san" in os.environ.get("BUILD", ""), reason="a sanitizer has memory of its own")
def test_a_thousand_busy_connections_stay_within_the_memory_limit(shop, product):
    links, ask, bursts = connect(shop, BUSY), get(shop, f"/v1/products/{product['id']}"), 3
    try:
        for at in range(0, BUSY, 8):                # each has a response
            for link in links[at:at + 8]:
                link.sendall(ask)
            assert answered(links[at:at + 8], 10) == 8
        for _ in range(bursts):                     # all at once; most are refused
            for link in links:
                link.sendall(ask)
            for link in links:
                assert link.recv(65536).startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
        used = memory(shop)
        print(f"{used:.1f} MiB PSS with {BUSY} connections")
        assert used < MEMORY
    finally:
        [link.close() for link in links]


def test_two_thousand_idle_connections_do_not_delay_others(shop, product):
    links, times = connect(shop, IDLE), []
    try:
        for _ in range(50):
            began = time.monotonic()
            shop.catalog.get(f"/v1/products/{product['id']}", retries=0).expect(200)
            times.append(time.monotonic() - began)
    finally:
        [link.close() for link in links]
    assert sorted(times)[len(times) // 2] < SOON / 10, sorted(times)


def open_files(shop):
    return len(list(Path(f"/proc/{shop.instances['catalog'][0].process.pid}/fd").iterdir()))


def test_many_live_feeds_receive_all_events_and_release_their_resources(shop):
    shop.settle()
    before, position = open_files(shop), shop.catalog.get("/v1/audit/verify").json["head"]
    links = connect(shop, FEEDS)
    ask = get(shop, "/v1/events").replace(b"\r\nHost", b"\r\nAccept: text/event-stream\r\nLast-Event-ID: %d\r\nHost" % position)
    got = dict.fromkeys(links, b"")
    for link in links:
        link.sendall(ask)
    eventually(lambda: all(b": welcome" in link.recv(65536, socket.MSG_PEEK) for link in links))
    one_more = shop.catalog.get("/v1/events", headers={"Accept": "text/event-stream"}, retries=0)
    assert one_more.status == 503 and one_more.code == "feed.too_many" and one_more.headers["Retry-After"]
    made = shop.catalog.post("/v1/products", mug("LOOP-NEW")).expect(201)

    def all_got_it():
        for link in ready(links, 0.1):
            got[link] += link.recv(65536)
        return all(made["id"].encode() in each for each in got.values())

    eventually(all_got_it)
    assert all(json.loads(each.split(b"data: ")[1].splitlines()[0])["aggregate_id"] == made["id"] for each in got.values())
    [link.close() for link in links]
    shop.catalog.post("/v1/products", mug("LOOP-GONE")).expect(201)       # a feed ends when its client does not take an event
    eventually(lambda: open_files(shop) <= before + 2, 30)


def test_an_address_has_so_many_connections_and_no_more(open_shop):
    shop = open_shop(services=("catalog",), env={"CONNECTIONS_PER_ADDRESS": "8"})
    ask, served = get(shop, "/problems/route.unknown"), 0
    links = connect(shop, 12)
    for link in links:
        link.settimeout(5)
        try:
            link.sendall(ask)
            served += link.recv(65536).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
    assert served == 8
    [link.close() for link in links]
    eventually(lambda: shop.catalog.get("/problems/route.unknown").status == 200)
