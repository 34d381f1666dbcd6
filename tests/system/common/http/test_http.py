"""The common HTTP contract, shown on catalog: errors, limits, tokens, conditional requests, ambiguous requests."""
import json
import socket
import threading
import time

import pytest

from stack.client import eventually
from products import mug

SHOP = {"services": ("catalog",)}


def raw(shop, data, timeout=5):
    """The service's response to these bytes."""
    with socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port), timeout) as connection:
        connection.sendall(data)
        got = b""
        try:
            while chunk := connection.recv(65536):
                got += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return got


def head(shop, method="POST", path="/v1/products", extra=b"", role="merchandiser"):
    token = shop.keys.token(role, "ann").encode()
    return (f"{method} {path} HTTP/1.1\r\nHost: shop\r\n".encode() + b"Authorization: Bearer " + token + b"\r\n"
            b"Content-Type: application/json\r\nIdempotency-Key: raw-1\r\n" + extra)


BODY = json.dumps(mug("RAW")).encode()


@pytest.mark.parametrize("extra", [
    b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(BODY),
    b"Content-Length: %d\r\nContent-Length: 5\r\n" % len(BODY),
    b"content-length: %d\r\nContent-Length: 5\r\n" % len(BODY),
    b"Content-Length: %d\r\nidempotency-key: other\r\n" % len(BODY),
    b"Content-Length: %d\r\nHost: other\r\n" % len(BODY),
    b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n" % len(BODY),
    b"Content-Length: %d\r\nbad header: x\r\n" % len(BODY),
    b"Content-Length: %d\r\nauthorization: Bearer x\r\n" % len(BODY),
])
def test_an_ambiguous_request_is_refused_and_its_connection_closed(shop, extra):
    before = shop.value("catalog", "select count(*) from product")
    second = b"GET /v1/products HTTP/1.1\r\nHost: shop\r\n\r\n"
    got = raw(shop, head(shop, extra=extra) + b"\r\n" + BODY + second, timeout=3)
    assert b" 201 " not in got and got.count(b"HTTP/1.1 ") <= 1, got
    assert shop.value("catalog", "select count(*) from product") == before


@pytest.mark.parametrize("path,status,code", [
    ("/v1/nothing", 404, "route.unknown"),
    ("/", 404, "route.unknown"),
    ("/v1/products/5?id=7", 404, "resource.not_found"),
    ("/v1/products/5", 404, "resource.not_found"),
    ("/v1/products/%00", 400, "request.target"),
    ("/v1/products/a%2fb", 400, "request.target"),
    ("/v1/products/%ff", 400, "request.target"),
    ("/v1/products?limit=0", 400, "query.invalid"),
    ("/v1/products?limit=x", 400, "query.invalid"),
    ("/v1/products?status=draft&status=approved", 400, "request.target"),
    ("/v1/products?colour=red", 400, "query.invalid"),
    ("/v1/products?sort=cost", 400, "query.invalid"),
    ("/v1/products?cursor=abc", 400, "query.invalid"),
])
def test_a_bad_target_is_refused_with_a_code(shop, path, status, code):
    # path variables and query parameters are never mixed
    answer = shop.catalog.get(path)
    wanted = (200, None) if path.endswith("never") else (status, code)
    assert (answer.status, answer.code) == wanted, answer


@pytest.mark.parametrize("body,status,code", [
    (b"", 400, "body.malformed"), (b"{", 400, "body.malformed"), (b"[]", 400, "body.malformed"),
    (b"5", 400, "body.malformed"), (b'{"title":"a","title":"b"}', 400, "body.malformed"),
    (b'\xef\xbb\xbf{"title":"a"}', 400, "body.malformed"), (b'{"title":"a"} x', 400, "body.malformed"),
    (b'{"title":"\\u0000"}', 400, "body.malformed"), (b'{"title":"\xff"}', 400, "body.malformed"),
    (b'{"title":"\\ud800"}', 400, "body.malformed"), (b'{"title":1e400}', 400, "body.malformed"),
    (b'{"title":' + b"[" * 40 + b"]" * 40 + b"}", 400, "body.malformed"),
    (b"[" * 100000, 400, "body.malformed"),
    (b'{"title":"' + b"a" * 300000 + b'"}', 413, "body.too_large"),
    (b'{"title":5}', 422, "body.invalid"), (b'{"titel":"x"}', 422, "body.invalid"),
    (b'{"title":"x","id":"y","status":"published","version":7}', 422, "body.invalid"),
    (b'{"title":"x","variants":[{"sku":"A","price":1.5,"currency":"GBP"}]}', 422, "body.invalid"),
    (b'{"title":"x","variants":[{"sku":"A","price":9223372036854775807,"currency":"GBP"}]}', 422, "body.invalid"),
])
def test_a_bad_body_is_refused_and_nothing_is_stored(shop, body, status, code):
    before = shop.value("catalog", "select count(*) from product")
    answer = shop.catalog.request("POST", "/v1/products", body=body)
    assert (answer.status, answer.code) == (status, code), answer
    assert shop.value("catalog", "select count(*) from product") == before


def test_text_is_stored_unchanged(shop):
    title = "100% \"bold\" <b>';drop table product;-- %n\r\n\u4e0a\u67b6 \U0001f600"
    made = shop.catalog.post("/v1/products", {"title": title}).expect(201)
    assert shop.catalog.get(f"/v1/products/{made['id']}").json["title"] == title


@pytest.mark.parametrize("headers,status", [
    ({"Content-Type": "text/plain"}, 415), ({"Content-Type": "application/json; charset=utf-16"}, 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, 415), ({"Content-Encoding": "gzip"}, 415),
    ({"Content-Type": None}, 415),
])
def test_only_json_in_utf8_is_accepted(shop, headers, status):
    assert shop.catalog.post("/v1/products", {"title": "x"}, headers=headers).status == status


@pytest.mark.parametrize("key", [None, "", "a b", "x" * 256, "\u00e9", "a,b"])
def test_a_post_needs_a_valid_idempotency_key(shop, key):
    headers = {"Idempotency-Key": key.encode("utf-8") if key else key}
    answer = shop.catalog.post("/v1/products", {"title": "x"}, key=None, headers=headers)
    assert answer.status == 400, answer


def test_a_response_to_an_unknown_method_lists_the_allowed_ones(shop):
    answer = shop.catalog.delete("/v1/products")
    assert answer.status == 405 and answer.headers["Allow"] == "POST, GET", answer.headers
    assert shop.catalog.request("TRACE", "/v1/products").status == 405
    assert shop.catalog.request("HEAD", "/v1/products").status == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_requests_without_a_valid_token_are_unauthorized(shop, token):
    answer = shop.catalog.get("/v1/products", token=token, headers=None if token else {"Authorization": None})
    assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("forged", [
    {"claims": {"exp": 1}}, {"claims": {"aud": "other"}}, {"claims": {"iss": "other"}}, {"drop": ("exp",)},
    {"claims": {"nbf": 4000000000}}, {"algorithm": "HS256", "key": "secret"}, {"algorithm": "none", "key": ""},
    {"headers": {"kid": "../../etc/passwd"}}, {"drop": ("sub",)}, {"claims": {"role": "nobody"}},
])
def test_a_forged_or_expired_token_is_refused(shop, forged):
    answer = shop.catalog.get("/v1/products", token=shop.keys.forge(**forged))
    assert answer.status == (403 if forged.get("claims", {}).get("role") else 401), answer


def test_token_guessing_is_rate_limited_and_valid_tokens_still_work(open_shop):
    shop = open_shop(services=("catalog",), env={"AUTH_FAILURES": "50", "TRUSTED_PROXY": ""})
    shop.catalog.get("/v1/products").expect(200)
    bad = shop.keys.token("admin", "ann")[:-12]
    statuses = [shop.catalog.get("/v1/products", token=f"{bad}{n:012}", headers={"X-Forwarded-For": f"192.0.2.{n % 250}"}) for n in range(1000)]
    refused = [each for each in statuses if each.status == 429]
    assert {each.status for each in statuses} == {401, 429} and len(refused) > 900
    assert {each.code for each in refused} == {"auth.too_many"} and int(refused[0].headers["Retry-After"]) > 0
    assert len({each.json["detail"] for each in statuses if each.status == 401}) == 1
    shop.catalog.get("/v1/products").expect(200)
    assert shop.catalog.get("/v1/products", role="reviewer", sub="new").status == 429
    shop.catalog.get("/openapi.json", token="").expect(200)


def test_behind_the_gateway_failed_logins_of_one_client_do_not_count_for_another(open_shop):
    shop = open_shop(services=("catalog",), env={"AUTH_FAILURES": "5", "AUTH_FAILURES_PER_MINUTE": "1", "TRUSTED_PROXY": "127.0.0.0/8"})
    bad = {"token": "a.b.c", "headers": {"X-Forwarded-For": "198.51.100.7, 192.0.2.1"}}
    assert [shop.catalog.get("/v1/products", **bad).status for _ in range(7)] == [401] * 5 + [429] * 2
    assert shop.catalog.get("/v1/products", token="a.b.c", headers={"X-Forwarded-For": "192.0.2.2"}).status == 401
    assert shop.catalog.get("/v1/products", token="a.b.c", headers={"X-Forwarded-For": "192.0.2.1"}).status == 429
    assert shop.catalog.get("/v1/products", role="reviewer", sub="new").status == 200


def test_each_route_requires_its_scope(shop):
    description = shop.catalog.get("/openapi.json", token="").expect(200)
    tried = 0
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if "x-scope" not in operation:
                continue
            here = path.replace("{id}", "01900000-0000-7000-8000-000000000000").replace("{sku}", "NONE")
            anonymous = shop.catalog.request(method.upper(), here, json={} if method == "post" else None, token="")
            assert anonymous.status == 401, (path, anonymous)
            if operation["x-scope"] and operation["x-scope"] != "products:storefront":
                other = shop.catalog.request(method.upper(), here, json={} if method == "post" else None, role="customer")
                assert other.status == 403, (path, other)
            tried += 1
    assert tried > 15


def test_if_match_prevents_lost_updates(shop):
    made = shop.catalog.post("/v1/products", mug("MATCH"))
    link = f"/v1/products/{made.json['id']}"
    assert made.headers["ETag"] == '"v1"'
    assert shop.catalog.get(link, headers={"If-None-Match": '"v1"'}).status == 304
    stale = shop.catalog.post(link + "/submit", headers={"If-Match": '"v7"'})
    assert stale.status == 412 and stale.code == "version.conflict"
    assert shop.catalog.post(link + "/submit", headers={"If-Match": '"v1"'}).headers["ETag"] == '"v2"'


def test_a_hundred_identical_requests_at_once_have_one_effect(shop):
    answers, client = [], shop.catalog.as_("admin", "ann")
    client.patience = 20                # a request refused under overload is retried with the same key
    threads = [threading.Thread(target=lambda: answers.append(client.post("/v1/products", mug("HUNDRED"), key="hundred")))
               for _ in range(100)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    good = [each for each in answers if each.status == 201]
    assert len({each.text for each in good}) == 1 and len(good) == 100
    assert {each.status for each in answers} <= {201, 503}
    assert shop.value("catalog", "select count(*) from variant where sku = 'HUNDRED'") == 1


def test_a_dry_run_validates_everything_and_stores_nothing(shop):
    answer = shop.catalog.post("/v1/products?dry_run=1", mug("DRY"))
    assert answer.status == 201 and answer.json["status"] == "draft"
    assert shop.catalog.get(f"/v1/products/{answer.json['id']}").status == 404


def test_a_cursor_continues_the_list(shop):
    ids = {shop.catalog.post("/v1/products", {"title": f"page {n}", "category": "pages"}).json["id"] for n in range(25)}
    seen, cursor = [], None
    while True:
        page = shop.catalog.get("/v1/products", params={"category": "pages", "limit": 10, **({"cursor": cursor} if cursor else {})}).json
        seen += [each["id"] for each in page["data"]]
        shop.catalog.post("/v1/products", {"title": "newer", "category": "pages"})
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 25 and set(seen) == ids
    other = shop.catalog.get("/v1/products", params={"category": "other", "cursor": seen and page["next_cursor"] or "x"})
    assert other.status == 400


def test_the_operations_port_serves_liveness_readiness_and_metrics(shop):
    assert shop.ops("catalog", "/livez")[0] == 200 and shop.ops("catalog", "/readyz")[0] == 200
    shop.catalog.get("/v1/products").expect(200)
    status, page = shop.ops("catalog", "/metrics")
    assert status == 200 and "backroom_http_request_seconds_bucket" in page and page.endswith("\n")
    before = page.count("\n")
    for n in range(50):
        shop.catalog.get(f"/v1/random/{n}")
    assert shop.ops("catalog", "/metrics")[1].count("\n") <= before + 20


def test_a_graceful_stop_loses_no_response(open_shop):
    shop = open_shop(services=("catalog",))
    answers = []

    def work(n):
        for turn in range(2000):
            try:
                answers.append(shop.catalog.post("/v1/products", {"title": f"{n}-{turn}"}, retries=0))
            except OSError as fault:
                answers.append(fault)
                return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [each.start() for each in threads]
    time.sleep(0.5)
    shop.stop("catalog")
    [each.join() for each in threads]
    stored = shop.value("catalog", "select count(*) from product")
    good = sum(1 for each in answers if getattr(each, "status", 0) == 201)
    assert good == stored, f"{stored} stored, {good} answered"


def test_a_stop_ends_live_feeds_and_does_not_wait_for_idle_connections(open_shop):
    shop = open_shop(services=("catalog",))
    idle = socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port))
    feed = socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port), 10)
    feed.sendall(head(shop, "GET", "/v1/events", b"Accept: text/event-stream\r\n", role="admin") + b"\r\n")
    assert feed.recv(65536).startswith(b"HTTP/1.1 200")
    began = time.monotonic()
    shop.stop("catalog")
    assert time.monotonic() - began < 5
    got = b"".join(iter(lambda: feed.recv(65536), b""))
    assert got.endswith(b"0\r\n\r\n"), got         # the end of the response, not only of the connection
    [link.close() for link in (idle, feed)]


def test_without_its_database_a_service_responds_503_with_retry_after_within_seconds(open_shop, cluster):
    shop = open_shop(services=("catalog",))
    cluster.kill9()
    began = time.monotonic()
    answer = shop.catalog.post("/v1/products", {"title": "x"})
    assert answer.status == 503 and answer.headers["Retry-After"] and time.monotonic() - began < 5
    assert shop.ops("catalog", "/livez")[0] == 200 and shop.ops("catalog", "/readyz")[0] == 503
    cluster.start()
    eventually(lambda: shop.catalog.post("/v1/products", {"title": "x"}).status == 201, timeout=20)
