"""The gateway: routing, and requests that it refuses."""
import json
import socket

import pytest

from stack.client import eventually

SHOP = {"services": ("catalog",), "gateway": True}


def raw(shop, text, body=b"", quiet=1.0):
    """Send raw bytes; everything received until the connection closed or timed out."""
    with socket.create_connection(("127.0.0.1", shop.gateway.port), 5) as link:
        link.sendall(text.encode("latin-1") + body)
        link.settimeout(quiet)
        got = b""
        try:
            while piece := link.recv(65536):
                got += piece
        except TimeoutError:
            pass
    return got.decode("latin-1")


def status_of(answer):
    return int(answer.split(" ", 2)[1])


def problem_of(answer):
    return json.loads(answer.partition("\r\n\r\n")[2])


def test_a_service_is_reached_under_its_name(shop):
    eventually(lambda: shop.front.catalog.get("/v1/products").status == 200)
    assert shop.front.catalog.get("/v1/products").expect(200)["data"] == []
    assert shop.front.catalog.get("/openapi.json").expect(200)["openapi"].startswith("3.1")


def test_a_service_that_is_down_gives_a_problem_with_retry_after(shop):
    answer = shop.front.orders.get("/v1/orders")
    assert answer.status == 503 and answer.code == "gateway.service_down"
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/catalog/metrics", "/catalog/livez", "/catalog/readyz", "/catalog", "/", "/x/v1/y"])
def test_only_public_routes_are_reachable(shop, path):
    answer = raw(shop, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert status_of(answer) == (200 if path == "/" else 404)
    assert "backroom_http" not in answer


@pytest.mark.parametrize("path", ["/catalog/v1/../metrics", "/catalog/v1/a%2fb", "/catalog/v1/a%00", "/catalog//v1/a"])
def test_an_ambiguous_path_is_refused(shop, path):
    answer = raw(shop, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert status_of(answer) == 400 and problem_of(answer)["code"] == "http.malformed"


@pytest.mark.parametrize("headers", [
    "Host: a\r\nHost: b", "X: y", "Host: a\r\nAuthorization: Bearer x\r\nauthorization: Bearer y",
    "Host: a\r\nIdempotency-Key: 1\r\nIdempotency-Key: 2", "Host: a\r\nIf-Match: 1\r\nIf-Match: 2",
    "Host: a\r\nContent-Length: 1\r\nContent-Length: 2", "Host: a\r\nContent-Length : 1",
    "Host: a\r\nTransfer-Encoding: xchunked", "Host: a\r\nX: " + "y" * 40000,
])
def test_ambiguous_headers_are_refused(shop, headers):
    answer = raw(shop, f"POST /catalog/v1/products HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n", b"x")
    assert status_of(answer) == 400


def test_a_smuggled_request_is_never_executed(shop):
    hidden = b"GET /catalog/v1/products?smuggled=1 HTTP/1.1\r\nHost: a\r\n\r\n"
    raw(shop, "POST /catalog/v1/products HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n\r\n" + hidden)
    assert not any("smuggled" in json.dumps(line) for line in shop.log("catalog"))


def test_a_large_body_is_refused_before_a_service_sees_it(shop):
    size = 256 * 1024 + 1
    answer = raw(shop, "POST /catalog/v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n", b" " * size)
    assert status_of(answer) == 413 and problem_of(answer)["code"] == "http.body_too_large"


def test_an_unknown_method_is_refused(shop):
    assert status_of(raw(shop, "TRACE /catalog/v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) == 405


def test_live_events_pass_the_gateway_as_they_happen(shop):
    stream = shop.front.catalog.stream("/v1/events", timeout=15)
    for number in range(3):
        made = shop.front.catalog.post("/v1/products", {"title": f"News {number}"}).expect(201)
        event = json.loads(next(stream)["data"])
        assert event["aggregate_id"] == made["id"]


def test_the_death_of_an_instance_does_not_affect_clients(open_shop):
    shop = open_shop(services=("catalog",), gateway=True, instances=3)
    eventually(lambda: shop.front.catalog.get("/v1/products").status == 200)
    for number in range(60):
        if number == 20:
            shop.kill("catalog", 1)
        if number == 40:
            shop.stop("catalog", 2)
        shop.front.catalog.get("/v1/products").expect(200)
