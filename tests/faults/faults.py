"""The faults: each is f(shop, chance), called under traffic. The caller restores the shop afterwards."""
import base64
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import psycopg2

import proxy
from stack.nats import OPERATOR, Connection
from stack.postgres import children
from stack.process import Process

SERVICES = ("catalog", "orders", "fulfillment", "support", "analytics")
HANG = float(os.environ.get("FAULT_SECONDS") or 8)
ACK_WAIT = 10               # seconds until nats-server redelivers a message without an ack
NOTICED_WITHIN = 30         # seconds until a damaged stream shows in a metric


def pause(chance, most=0.6):
    time.sleep(chance.random() * most)


def nothing(shop, chance):
    pass


# --- F2, F3: processes are killed, restarted and paused --------------------------------------------------------------------------

def services_killed(shop, chance):
    """kill -9 of one service after the other, each restarted as by a supervisor."""
    for service in chance.sample(SERVICES, 5):
        each = chance.choice(shop.instances[service])
        shop.kill(service, each.number)
        pause(chance)
        shop.start(service, each.number)
        pause(chance, 0.3)


def services_restarted(shop, chance):
    """SIGTERM of each instance, the next one when it is ready again."""
    for service in SERVICES:
        for each in shop.instances[service]:
            shop.restart(service, each.number)
            time.sleep(0.3)


def leaders(shop, service):
    return [each.number for each in shop.instances[service] if shop.metric(service, "backroom_relay_leader", each.number) == 1]


def leaders_stopped(shop, chance):
    """SIGSTOP of every relay leader for longer than its session lasts: another instance takes over."""
    stopped = {service: leaders(shop, service) for service in SERVICES}
    for service, numbers in stopped.items():
        for number in numbers:
            shop.pause(service, number)
    end = time.monotonic() + 15 + max(HANG, 8)
    while len(shop.instances["orders"]) > 1 and not new_leaders(shop, stopped):
        assert time.monotonic() < end, f"no instance took over from {stopped}"
        time.sleep(0.5)
    shop.resume()


def new_leaders(shop, stopped):
    def leads(service, each):
        return each.number not in stopped[service] and each.alive() and "backroom_relay_leader 1" in each.ops("/metrics")[1]
    return all(any(leads(service, each) for each in some) for service, some in shop.instances.items())


def new_leaders_of(shop, service, besides):
    return any(each.number != besides and "backroom_relay_leader 1" in each.ops("/metrics")[1] for each in shop.instances[service])


def consumers_stopped(shop, chance):
    """SIGSTOP of one instance of each service, in the middle of its work."""
    for service in SERVICES:
        shop.pause(service, chance.choice(shop.instances[service]).number)
    time.sleep(max(HANG, ACK_WAIT + 2))
    shop.resume()


def postgres_stopped(shop, chance):
    with stopped(shop.postgres.process, *(Process.of(pid) for pid in children(shop.postgres.process.pid))):
        time.sleep(HANG)


def nats_stopped(shop, chance):
    with stopped(shop.nats.process):
        time.sleep(max(HANG, 12))


@contextmanager
def stopped(*processes):
    for each in processes:
        each.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            each.send(signal.SIGCONT)


# --- F4: PostgreSQL ------------------------------------------------------------------------------------------------

def postgres_killed(shop, chance):
    shop.postgres.kill9()
    pause(chance, 2)
    shop.postgres.start()


def postgres_stopped_immediately(shop, chance):
    shop.postgres.process.send(signal.SIGQUIT)
    assert shop.postgres.process.wait(20)
    pause(chance, 2)
    shop.postgres.start()


def postgres_restarted(shop, chance):
    shop.postgres.stop()
    shop.postgres.start()


def as_superuser(shop):
    connection = psycopg2.connect(shop.postgres.url("postgres", shop.database))
    connection.autocommit = True
    return connection


def backends_ended(shop, chance, where, seconds=4):
    """Terminate, repeatedly, the backends that match `where`."""
    connection, ended, end = as_superuser(shop), 0, time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                           f"where datname = current_database() and pid <> pg_backend_pid() and {where}")
            ended += cursor.fetchone()[0]
            time.sleep(0.002 if "commit" in where else 0.15)
    connection.close()
    assert ended, "no backend matched"


def ended_in_commit(shop, chance):
    """The session ends between the commit and its response: the outcome is unknown (R-35)."""
    backends_ended(shop, chance, "state = 'active' and query = 'commit'", 6)


def ended_anywhere(shop, chance):
    backends_ended(shop, chance, "random() < 0.2")


def deadlocks(shop, chance):
    """Another session locks the rows that all others want, in every order."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        connection = psycopg2.connect(shop.postgres.url("postgres", shop.database))
        try:
            with connection.cursor() as cursor:
                cursor.execute("set deadlock_timeout = '10s'")
                for sku in chance.sample(("MUG", "CUP", "JUG", "HOT"), 3):
                    cursor.execute("select 1 from catalog.stock where sku = %s for update", (sku,))
                    time.sleep(0.05)
                cursor.execute("select 1 from orders.orders order by random() limit 3 for update")
                time.sleep(0.3)
        except psycopg2.Error:
            pass
        connection.close()


def connections_exhausted(shop, chance):
    """No connection is free, and existing sessions are terminated."""
    held = []
    try:
        try:
            while True:
                held.append(psycopg2.connect(shop.postgres.url("orders", shop.database)))
        except psycopg2.OperationalError:
            pass
        ended_anywhere_but(shop, held)
        time.sleep(4)
    finally:
        for each in held:
            each.close()


def ended_anywhere_but(shop, held):
    connection = as_superuser(shop)
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                       "and pid <> all(%s) and pid <> pg_backend_pid()", ([each.info.backend_pid for each in held],))
    connection.close()


# --- F6: nats-server is away ---------------------------------------------------------------------------------------

def nats_killed(shop, chance):
    shop.nats.kill9()
    pause(chance, 3)
    shop.nats.start()


def nats_away(shop, chance):
    shop.nats.stop()
    time.sleep(HANG)
    shop.nats.start()


# --- F7: damaged streams -------------------------------------------------------------------------------------------

def alarms(shop):
    return sum(shop.metric(service, "backroom_stream_alarms_total", each.number) or 0
               for service in SERVICES for each in shop.instances[service])


@contextmanager
def noticed(shop):
    """The fault inside must show in a metric of a relay within NOTICED_WITHIN."""
    before = alarms(shop)
    yield
    end = time.monotonic() + NOTICED_WITHIN
    while alarms(shop) <= before:
        assert time.monotonic() < end, f"no alarm within {NOTICED_WITHIN} s"
        time.sleep(0.2)


def wiped_while_stopped(shop, chance):
    with noticed(shop):
        shop.nats.kill9()
        shop.nats.wipe()
        shop.nats.start()


def wiped_while_running(shop, chance):
    """The files of a running server are deleted; then it is restarted."""
    with noticed(shop):
        shop.nats.wipe()
        pause(chance, 2)
        shop.nats.kill9()
        shop.nats.start()


def streams_deleted(shop, chance):
    with noticed(shop):
        for service in chance.sample(SERVICES, 3):
            shop.nats.request(f"$JS.API.STREAM.DELETE.{service.upper()}")


def consumers_deleted(shop, chance):
    """All consumers start again from the beginning: everything is redelivered."""
    for service in SERVICES:
        for consumer in shop.consumers(service):
            shop.nats.request(f"$JS.API.CONSUMER.DELETE.{service.upper()}.{consumer['name']}")


def older_copy(shop, chance):
    copy = shop.nats.folder / "copy"
    shop.nats.stop()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(shop.nats.folder / "store", copy)
    shop.nats.start()
    time.sleep(2.5)
    with noticed(shop):
        shop.nats.kill9()
        shop.nats.wipe()
        copy.rename(shop.nats.folder / "store")
        shop.nats.start()


def blocks(shop, stream):
    return sorted((shop.nats.folder / "store").glob(f"jetstream/*/streams/{stream}/msgs/*.blk"), key=lambda file: int(file.stem))


def tail_cut(shop, chance):
    """As after a power failure: the last file ends in the middle of a message (A.1)."""
    with noticed(shop):
        shop.nats.kill9()
        for service in ("ORDERS", "CATALOG"):
            last = blocks(shop, service)[-1]
            os.truncate(last, int(last.stat().st_size * chance.uniform(0.3, 0.9)))
        shop.nats.start()


def flip_a_bit(shop, chance, stream, low, high):
    """Flip a bit between two fractions of a file of the stream, while the server is stopped."""
    path = chance.choice(blocks(shop, stream))
    where = int(path.stat().st_size * chance.uniform(low, high))
    with open(path, "r+b") as file:
        file.seek(where)
        byte = file.read(1)
        file.seek(where)
        file.write(bytes([byte[0] ^ 0x10]))


def bit_flipped(shop, chance):
    """A bit in the middle of two streams."""
    shop.nats.stop()
    for stream in ("ORDERS", "FULFILLMENT"):
        flip_a_bit(shop, chance, stream, 0.4, 0.95)
    shop.nats.start()


def unread_bit_flipped(shop, chance):
    """A bit in messages that three services have not received yet."""
    for service in ("fulfillment", "support", "analytics"):
        shop.stop(service)
    time.sleep(4)
    with noticed(shop):
        shop.nats.stop()
        flip_a_bit(shop, chance, "ORDERS", 0.97, 0.995)
        shop.nats.start()


def middle_deleted(shop, chance):
    """Delete single messages that three services have not received yet. The server remembers their ids for two minutes and
    would treat a republished message as a duplicate: therefore it is restarted."""
    for service in ("fulfillment", "support", "analytics"):
        shop.stop(service)
    time.sleep(4)
    last = shop.nats.request("$JS.API.STREAM.INFO.ORDERS")["state"]["last_seq"]
    with noticed(shop):
        for seq in chance.sample(range(last - 40, last - 2), 5):
            shop.nats.request("$JS.API.STREAM.MSG.DELETE.ORDERS", {"seq": seq})
        shop.nats.stop()
        shop.nats.start()


# --- F8: no room ---------------------------------------------------------------------------------------------------

def stream_full(shop, chance):
    """The byte cap is reached: publishing is refused until an operator gives more room."""
    shop.restart("orders", env={"STREAM_MAX_MEGABYTES": "1"})
    end, full = time.monotonic() + 20, False
    while not full and time.monotonic() < end:
        full = "error" in shop.nats.publish("orders.filler", b"x" * 100_000)
    assert full, "the stream never filled"
    wait_for_metric(shop, "orders", "backroom_publish_errors_total")
    time.sleep(1)
    shop.restart("orders", env={"STREAM_MAX_MEGABYTES": "1024"})


def wait_for_metric(shop, service, name, seconds=NOTICED_WITHIN):
    end = time.monotonic() + seconds
    while not any(shop.metric(service, name, each.number) for each in shop.instances[service]):
        assert time.monotonic() < end, f"{name} of {service} stayed 0 for {seconds} s"
        time.sleep(0.2)


# --- F9: the network -----------------------------------------------------------------------------------------------

def network(target, mode):
    """A fault on the network path between the services and PostgreSQL or nats-server; the shop must be proxied."""
    def fault(shop, chance):
        way = getattr(shop, f"to_{target}")
        way.become(mode)
        if mode == proxy.RESET:
            end = time.monotonic() + 4
            while time.monotonic() < end:
                way.become(chance.choice((proxy.RESET, proxy.PASS)))
                pause(chance)
        else:
            time.sleep(HANG)
        way.become(proxy.PASS)
    fault.__name__ = f"{target}_{mode}"
    return fault


def cut_off(target, *ways):
    """Packets to ("dport") or from ("sport") PostgreSQL or nats-server are dropped silently (`own_network`)."""
    def fault(shop, chance):
        port = getattr(shop, target).port
        rules = [["INPUT", "-p", "tcp", f"--{way}", str(port), "-j", "DROP"] for way in ways]
        try:
            for rule in rules:
                subprocess.run(["iptables", "-A", *rule], check=True)
            time.sleep(max(HANG, 18))               # longer than the ping timeout
        finally:
            for rule in rules:
                subprocess.run(["iptables", "-D", *rule], check=False)
    fault.__name__ = f"{target}_cut_off_" + "_".join({"dport": "there", "sport": "back"}[way] for way in ways)
    return fault


# --- F11, F13: too much, and too often ----------------------------------------------------------------------------

CONSUMERS = ("orders", "fulfillment", "analytics")
BACKLOG = int(os.environ.get("BACKLOG") or 20_000)


def backlog(shop, chance, count=BACKLOG):
    """Three services find this many events after a restart."""
    for service in CONSUMERS:
        shop.stop(service)
    shop.sql("catalog", """
        insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
        select 'catalog.product.drafted', 'product', id::text, 1, 'test', repeat('a', 32),
            json_build_object('id', id, 'status', 'draft', 'title', 'Backlog', 'category', 'general', 'channels', '[]'::json,
                'variants', json_build_array(json_build_object('sku', 'B-' || n, 'barcode', null, 'title', 'x', 'price', 1,
                    'currency', 'GBP', 'weight_g', 1, 'stocked', true)))
        from (select gen_random_uuid() as id, n from generate_series(1, %s) n) new""", count)
    newest = shop.value("catalog", "select max(no) from event")
    while shop.value("catalog", "select count(*) from event where seq is null and no <= %s", newest):
        time.sleep(0.1)
    last = shop.value("catalog", "select seq from event where no = %s", newest)
    shop.start()
    began = time.monotonic()
    while behind(shop, last):
        assert time.monotonic() < began + 60 * count / 20_000, f"{behind(shop, last)} are still behind"
        time.sleep(0.1)
    took = time.monotonic() - began
    print(f"{count:,} events applied by {len(CONSUMERS)} services within {took:.1f} s ({count / took:,.0f}/s each)")


def behind(shop, last):
    """The consumers that have not acknowledged all messages of catalog up to that one."""
    return [each["name"] for each in shop.consumers("catalog") if each["name"].split("-")[0] in CONSUMERS
            and each["config"]["filter_subject"] == "catalog.product.*" and each["ack_floor"]["stream_seq"] < last]


def messages(link, stream, limit):
    """(subject, bytes) of the last messages of a stream."""
    state = json.loads(link.request(f"$JS.API.STREAM.INFO.{stream}", b""))["state"]
    for seq in range(max(state["first_seq"], state["last_seq"] - limit), state["last_seq"] + 1):
        message = json.loads(link.request(f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps({"seq": seq}).encode())).get("message")
        if message:
            yield message["subject"], base64.b64decode(message["data"])


def republished(shop, chance):
    """Each message one to five times more, shuffled among a hundred; JetStream does not detect them as duplicates."""
    with Connection(shop.nats.port, OPERATOR, shop.nats.passwords[OPERATOR], 30) as link:
        for stream in map(str.upper, SERVICES):
            republish(link, chance, list(messages(link, stream, 100)))


def republish(link, chance, published):
    again = [(place + chance.random() * 100, each) for place, each in enumerate(published) for _ in range(chance.randrange(1, 6))]
    shuffled = [each for _, each in sorted(again, key=lambda pair: pair[0])]
    for subject, data in shuffled[:-1]:
        link.publish(subject, data)
    for subject, data in shuffled[-1:]:
        link.request(subject, data)     # acknowledged after all the others


# --- F12: poison ---------------------------------------------------------------------------------------------------

BROKEN = (b"{", b"", b"[]", b"null", b"\xff\xfe{}", b'{"a":"\\u0000"}', b"x" * 200_000, b'{"specversion":"1.0"}',
          b'{"specversion":"1.0","id":"no uuid","type":"orders.order.placed","aggregate":"order","aggregateversion":1,'
          b'"subject":"x","time":"2010-12-01T08:00:00Z","data":{}}', b"[" * 5000)


def poison(shop, chance):
    """Malformed messages go to the dead letters of each consumer once; processing continues."""
    for bytes_ in BROKEN:
        shop.nats.publish("orders.order.placed", bytes_)


def invalid_event(shop, type_, data, version=1, id_=None):
    """A well-formed event whose data are invalid."""
    made = random.Random(f"{type_} {time.time_ns()}")
    uuid = f"{made.getrandbits(32):08x}-0000-4000-8000-{made.getrandbits(48):012x}"
    body = {"specversion": "1.0", "id": uuid, "source": "/orders", "type": type_, "subject": id_ or uuid,
            "time": "2010-12-01T08:00:00Z", "datacontenttype": "application/json", "aggregate": type_.split(".")[1],
            "aggregateversion": version, "actor": "test", "traceparent": f"00-{'ab' * 16}-{'ab' * 8}-01", "data": data}
    shop.nats.publish(type_, json.dumps(body).encode())
    return uuid


# --- F14: limits ---------------------------------------------------------------------------------------------------

def few_files(shop, chance):
    """64 open files: new connections are refused, no process fails."""
    limited = [each.process.pid for each in shop.chosen()]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in limited}
    for pid, (_, most) in before.items():
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, most))       # the hard limit cannot be raised again
    links = []
    try:
        for each in shop.chosen():
            for _ in range(60):
                links.append(socket.create_connection(("127.0.0.1", each.port), 2))
        time.sleep(3)
    except OSError:
        time.sleep(3)
    finally:
        for link in links:
            link.close()
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def little_memory(shop, chance):
    """Address space limited to the present size and one thread: requests that need more are refused, or the process dies and is
    restarted."""
    before = {}
    for each in shop.chosen():
        pid = each.process.pid
        before[pid] = resource.prlimit(pid, resource.RLIMIT_AS)
        with open(f"/proc/{pid}/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (now + (12 << 20), before[pid][1]))
    time.sleep(HANG)
    for each in shop.chosen():
        if each.alive():
            resource.prlimit(each.process.pid, resource.RLIMIT_AS, before[each.process.pid])
        else:
            print(f"{each.name} died without memory")
            shop.stopped_by_us.add(each.name)
