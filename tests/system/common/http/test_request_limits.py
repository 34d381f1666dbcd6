"""Limits: request time, sizes, removed keys, expired rows; shown on catalog."""
import json
import socket
import statistics
import threading
import time
from pathlib import Path

import pytest

from stack.client import eventually
from products import mug

SECONDS = 2
SHOP = {"services": ("catalog",),
        "env": {"REQUEST_SECONDS": str(SECONDS), "JWKS_SECONDS": "1", "TIDY_SECONDS": "1"}}


def connect(shop):
    link = socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port), 5)
    link.settimeout(0.2)
    return link


def drip(link, begun, patience=SECONDS + 4):
    """Seconds until the service closes a connection that sends a byte from time to time."""
    since = time.monotonic()
    link.sendall(begun)
    while time.monotonic() - since < patience:
        try:
            link.sendall(b"x")
            if not link.recv(1000):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    link.close()
    return time.monotonic() - since


def test_a_request_sent_byte_by_byte_is_closed_at_its_deadline(shop):
    took = drip(connect(shop), b"G")
    assert SECONDS - 1 < took < SECONDS + 2, took


def usual_time(shop):
    times = []
    for _ in range(20):
        began = time.monotonic()
        shop.catalog.get("/v1/products?limit=1").expect(200)
        times.append(time.monotonic() - began)
    return statistics.median(times)


def test_slow_requests_do_not_delay_others(shop):
    drips = [threading.Thread(target=drip, args=(connect(shop), b"GET /v1/products HTTP/1.1\r\nX: ")) for _ in range(200)]
    [each.start() for each in drips]
    times = []
    usual = usual_time(shop)
    while any(each.is_alive() for each in drips):
        began = time.monotonic()
        shop.catalog.get("/v1/products?limit=1").expect(200)
        times.append(time.monotonic() - began)
        time.sleep(0.02)
    assert statistics.median(times) < 0.2 + 5 * usual, (statistics.median(times), usual)


def test_a_keep_alive_connection_and_a_live_feed_outlast_the_deadline(shop):
    shop.settle()
    position = shop.catalog.get("/v1/audit/verify").json["head"]
    stream = shop.catalog.stream("/v1/events", headers={"Last-Event-ID": str(position)})
    one = shop.catalog.as_("admin", "ann")
    for _ in range(2 * SECONDS + 3):
        one.get("/v1/products?limit=1", retries=0).expect(200)
        time.sleep(0.5)
    made = shop.catalog.post("/v1/products", mug("FEED-LIVES")).expect(201)
    assert json.loads(next(stream)["data"])["aggregate_id"] == made["id"]
    stream.close()


def test_a_service_may_have_two_thousand_connections(shop):
    limits = Path(f"/proc/{shop.instances['catalog'][0].process.pid}/limits").read_text()
    files, = [line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")]
    hard, = [line.split()[4] for line in limits.splitlines() if line.startswith("Max open files")]
    assert int(files) >= min(16384, int(hard))


def test_removing_a_key_invalidates_its_tokens_also_cached_ones(shop):
    written = shop.keys.jwks_file.read_text()
    shop.catalog.get("/v1/products").expect(200)
    try:
        other = json.loads(written)
        for key in other["keys"]:
            key["kid"] = "another"
        shop.keys.jwks_file.write_text(json.dumps(other))
        eventually(lambda: shop.catalog.get("/v1/products").status == 401, timeout=5)
        shop.keys.jwks_file.write_text("half a fi")             # an invalid file neither removes nor adds a key
        time.sleep(1.2)
        assert shop.catalog.get("/v1/products").status == 401
    finally:
        shop.keys.jwks_file.write_text(written)
    eventually(lambda: shop.catalog.get("/v1/products").status == 200, timeout=5)


def test_expired_idempotency_rows_are_deleted_however_many_there_are(shop):
    shop.sql("catalog", "insert into idempotency (principal, route, key, digest, status, body, created_at)"
             " select 'old', '/v1/products', n::text, '', 201, '{}', now() - interval '73 hours' from generate_series(1, 3500) n")
    eventually(lambda: shop.value("catalog", "select count(*) from idempotency where principal = 'old'") == 0, timeout=10)


@pytest.mark.parametrize("value", ["yes", "", "2", "TRUE"])
def test_an_ambiguous_dry_run_parameter_is_refused(shop, value):
    before = shop.value("catalog", "select count(*) from product")
    assert shop.catalog.post(f"/v1/products?dry_run={value}", {"title": "wet?"}).code == "query.invalid"
    assert shop.value("catalog", "select count(*) from product") == before


def test_a_problem_has_a_type_that_names_it(shop):
    assert shop.catalog.get("/v1/nothing").json["type"] == "/problems/route.unknown"


def test_a_refused_approval_is_not_stored_as_the_response_of_a_key(shop):
    made = shop.catalog.post("/v1/products", mug("EYES"), sub="ann").expect(201)
    link = f"/v1/products/{made['id']}"
    shop.catalog.post(link + "/submit", sub="ann").expect(200)
    assert shop.catalog.post(link + "/approve", sub="ann", key="eyes").code == "product.four_eyes"
    assert shop.value("catalog", "select count(*) from idempotency where key = 'eyes'") == 0
