"""Adverse conditions: an exhausted pool, a changed migration, a database without durable commits, a nats-server that refuses
the password, an event that the stream refuses; and properties of the binaries."""
import os
import socket
import subprocess
import threading
import time

import pytest

from stack import plan
from stack.client import eventually
from stack.process import free_ports
from products import mug

SHOP = {"services": ("catalog",), "env": {"POOL_SIZE": "2", "CONNECTIONS_PER_ADDRESS": "140"}}


def unpublished(shop):
    return shop.value("catalog", "select count(*) from event where seq is null")


def test_an_exhausted_pool_gives_503_at_once_while_the_operations_port_responds(shop):
    """100 clients on two connections, and a table locked for longer than the statement timeout."""
    shop.catalog.get("/v1/products").expect(200)
    answers, lives = [], []

    def ask():
        began = time.monotonic()
        answer = shop.catalog.get("/v1/products")
        answers.append((answer.status, time.monotonic() - began, answer.headers.get("Retry-After")))

    import psycopg2
    lock = psycopg2.connect(shop.postgres.url("catalog", shop.database))
    lock.cursor().execute("lock table product")
    threads = [threading.Thread(target=ask) for _ in range(100)]
    [each.start() for each in threads]
    for _ in range(10):
        began = time.monotonic()
        assert shop.ops("catalog", "/livez")[0] == 200
        lives.append(time.monotonic() - began)
        time.sleep(0.05)
    [each.join() for each in threads]
    lock.close()
    assert {status for status, _, _ in answers} == {503} and all(after for _, _, after in answers)
    assert max(took for _, took, _ in answers) < 5 and sorted(lives)[5] < 0.2, (max(answers), lives)
    assert shop.metric("catalog", "backroom_pool_refused_total") > 0
    shop.catalog.get("/v1/products").expect(200)


def test_connections_are_limited_per_address(shop):
    links = []
    for _ in range(200):
        link = socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port), 5)
        link.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: shop\r\n\r\n")
        links.append(link)
    served = sum(answered(link) for link in links)
    [link.close() for link in links]
    assert 100 <= served <= 140, served
    eventually(lambda: shop.catalog.get("/v1/products").status == 200)


def answered(link):
    link.settimeout(2)
    try:
        return link.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


@pytest.mark.skipif("asan" in os.environ.get("BUILD", ""), reason="a sanitizer keeps what was freed")
def test_an_endless_body_takes_no_memory(shop):
    def resident():
        status = open(f"/proc/{shop.instances['catalog'][0].process.pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0])

    before = resident()
    link = socket.create_connection(("127.0.0.1", shop.instances["catalog"][0].port), 5)
    link.sendall(b"POST /v1/products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                 b"Idempotency-Key: endless\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"%x\r\n" % 65536 + b"a" * 65536 + b"\r\n"
    try:
        for _ in range(1600):                                   # 100 MiB
            link.sendall(piece)
    except OSError:
        pass                                                    # closed while sending is accepted, too
    assert resident() < before + 16 * 1024
    link.close()


def test_an_event_that_the_stream_refuses_delays_later_ones(shop):
    """No event after the first refused one is marked; once it is accepted, every event is in the stream once and in order."""
    shop.settle()
    stream = shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["config"]
    shop.nats.request("$JS.API.STREAM.UPDATE.CATALOG", {**stream, "max_msg_size": 2000})
    shop.stop("catalog")                                        # what follows is published in one batch
    shop.start("catalog", env={"NATS_URL": "nats://127.0.0.1:1"})
    small = shop.catalog.post("/v1/products", mug("KTH-1")).expect(201)
    large = shop.catalog.post("/v1/products", {"title": "large", "variants": [
        {"sku": f"KTH-L{n}", "price": 1, "currency": "GBP"} for n in range(40)]}).expect(201)
    after = shop.catalog.post("/v1/products", mug("KTH-2")).expect(201)
    shop.restart("catalog")
    eventually(lambda: unpublished(shop) == 2, timeout=15)
    time.sleep(1)
    assert [each["aggregate_id"] for each in shop.events("catalog")][-1] == small["id"] and unpublished(shop) == 2
    shop.nats.request("$JS.API.STREAM.UPDATE.CATALOG", {**stream, "max_msg_size": -1})
    eventually(lambda: unpublished(shop) == 0, timeout=15)
    reported = shop.events("catalog")
    assert [each["aggregate_id"] for each in reported][-3:] == [small["id"], large["id"], after["id"]]
    assert shop.nats.request("$JS.API.STREAM.INFO.CATALOG")["state"]["messages"] == len(reported)
    assert shop.catalog.get("/v1/audit/verify").json["intact"]


def test_a_service_reconnects_after_nats_refused_its_password(shop):
    """After two equal authentication errors the library closes a connection for good; the service reconnects."""
    right = dict(shop.nats.passwords)
    shop.nats.kill9()
    shop.nats.passwords["catalog"] = "wrong" + right["catalog"]
    shop.nats.start()
    shop.catalog.post("/v1/products", mug("PASSWORD")).expect(201)
    time.sleep(4)
    assert unpublished(shop) == 1
    shop.nats.kill9()
    shop.nats.passwords.update(right)
    shop.nats.start()
    eventually(lambda: unpublished(shop) == 0, timeout=20)


def greet_and_end(listener):
    """A PostgreSQL that ends each session between its greeting and the first query."""
    fatal = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    greeting = b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I" + b"E" + (len(fatal) + 4).to_bytes(4, "big") + fatal
    while True:
        try:
            link, _ = listener.accept()
            if link.recv(4096)[4:8] == b"\x04\xd2\x16\x2f":                # an SSL request
                link.sendall(b"N")
                link.recv(4096)
            link.sendall(greeting)
            link.close()
        except OSError:
            return


def test_database_notices_at_session_start_are_logged_as_json(shop, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=greet_and_end, args=(listener,), daemon=True).start()
    env = {"DATABASE_URL": f"postgresql://x:y@127.0.0.1:{listener.getsockname()[1]}/x", "JWKS_FILE": str(shop.keys.jwks_file),
           "NATS_URL": shop.nats.url("catalog"), "PORT": str(free_ports(1)[0]), "OPS_PORT": str(free_ports(1)[0])}
    with open(tmp_path / "log", "wb") as log:
        other = subprocess.Popen([plan.binary("catalog", shop.instances["catalog"][0].build)], stderr=log, env=env)
        time.sleep(1.5)
        other.kill()
        other.wait()
    listener.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines and all(line.startswith("{") for line in lines), lines


def test_a_database_without_durable_commits_makes_a_service_unready(shop):
    setting = f'alter role catalog in database "{shop.database}" '
    try:
        shop.sql("postgres", setting + "set synchronous_commit = off", database="postgres")
        shop.stop("catalog")
        shop.start("catalog", wait=False)
        eventually(lambda: "synchronous_commit" in shop.ops("catalog", "/readyz")[1], timeout=20)
    finally:
        shop.sql("postgres", setting + "reset synchronous_commit", database="postgres")
    shop.restart("catalog")


def test_a_changed_applied_migration_stops_the_start(shop):
    shop.stop("catalog")
    changed = "update migration set checksum = %s where name = 'common/0001_house.sql' returning checksum"
    was = shop.value("catalog", "select checksum from migration where name like 'common/0001%%'")
    name = shop.value("catalog", "select name from migration where name like 'common/0001%%'")
    changed = changed.replace("common/0001_house.sql", name)
    shop.sql("catalog", changed, "0" * 64)
    shop.stopped_by_us.add("catalog-0")
    shop.start("catalog", wait=False)
    eventually(lambda: not shop.instances["catalog"][0].alive(), timeout=20)
    assert [each for each in shop.log("catalog") if "was changed after it was applied" in str(each)]
    shop.sql("catalog", changed, was)
    shop.start("catalog")


# -- the binaries ------------------------------------------------------------------------------------------------


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("service", plan.SERVICES)
def test_a_binary_is_hardened_and_does_not_use_fetch(shop, service):
    binary = plan.binary(service, shop.instances["catalog"][0].build)
    head, dynamic = output_of("readelf", "-hlW", binary), output_of("readelf", "-dW", binary)
    assert "DYN (" in head and "GNU_RELRO" in head and "BIND_NOW" in dynamic
    assert "GNU_STACK" in head and "RWE" not in head
    needed = output_of("nm", "-D", "-u", binary)
    assert "__stack_chk_fail" in needed
    assert "natsSubscription_Fetch" not in needed and "js_PullSubscribe" not in needed and "js_Subscribe" not in needed


def test_services_call_no_library_and_common_calls_each_only_in_its_folders(shop):
    for source in (plan.ROOT / "services").rglob("*.[ch]"):
        text = source.read_text()
        for name in ("nats.h", "libpq", "microhttpd.h", "ulfius.h", "natsConnection", "PQexec"):
            assert name not in text, f"{name} in {source}"
    folders = {"nats/nats.h": ("nats", "relay", "consume"), "libpq-fe.h": ("sql",), "microhttpd.h": ("http", "api"),
               "ulfius.h": ("http", "api")}
    for source in (plan.ROOT / "common").rglob("*.[ch]"):
        for header, allowed in folders.items():
            assert header not in source.read_text() or source.parent.name in allowed, f"{header} in {source}"


# --- a server that ends a session at the last moment ----------------------------------------------------------------------

END = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"


def end(link):
    """Also with a listener on another thread."""
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    link.close()


class Interrupter:
    """A proxy before PostgreSQL that replaces ReadyForQuery by the end of the session, if `armed`."""

    def __init__(self, port):
        self.port, self.armed, self.interrupted = port, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept_all, daemon=True).start()

    def accept_all(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.carry, args=(near, far), daemon=True).start()
            threading.Thread(target=self.watch, args=(far, near), daemon=True).start()

    def carry(self, near, far):
        try:
            while piece := near.recv(65536):
                far.sendall(piece)
        except OSError:
            pass
        end(far)

    def watch(self, far, near):
        """A message is a letter, a length and that many bytes; only established sessions are interrupted."""
        held, begun = b"", False
        try:
            while piece := far.recv(65536):
                held += piece
                response = b""
                while len(held) >= 5 and len(held) >= 1 + int.from_bytes(held[1:5], "big"):
                    length = 1 + int.from_bytes(held[1:5], "big")
                    message, held = held[:length], held[length:]
                    if message[:1] == b"Z" and begun and self.armed and response:
                        self.interrupted += 1
                        near.sendall(response + b"E" + (len(END) + 4).to_bytes(4, "big") + END)
                        time.sleep(0.05)
                        end(near)
                        end(far)
                        return
                    begun |= message[:1] == b"Z"
                    response += message
                near.sendall(response)
        except OSError:
            pass
        end(near)


def test_a_session_that_ends_after_its_last_result_fails_no_other_request(open_shop):
    shop = open_shop(services=("catalog",))
    made = shop.catalog.post("/v1/products", mug("LAST-WORD")).expect(201)
    between = Interrupter(shop.postgres.port)
    shop.restart("catalog", env={"DATABASE_URL": shop.postgres.url("catalog", shop.database).replace(
        f":{shop.postgres.port}/", f":{between.listener.getsockname()[1]}/") + "?sslmode=disable&gssencmode=disable"})
    read = lambda: shop.catalog.get(f"/v1/products/{made['id']}", retries=0).status
    eventually(lambda: read() == 200)
    for _ in range(20):
        between.armed = True
        assert read() in (200, 503)
        between.armed = False
        eventually(lambda: read() == 200)
    assert between.interrupted >= 20
    assert shop.instances["catalog"][0].alive()
