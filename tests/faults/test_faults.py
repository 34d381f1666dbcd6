"""Every fault under traffic (make faults). The faults are in faults.py, what must hold afterwards in invariants.py."""
import os
import subprocess
import time
from collections import Counter

import pytest

import faults
import proxy
from run import FaultShop, run, settle
from invariants import Check
from stack.client import eventually
from stack.postgres import Postgres, new_passwords
from stack.process import free_ports
from traffic import Traffic

pytestmark = pytest.mark.timeout(400)       # with room for a busy machine; deadlines are asserted
ROUNDS = int(os.environ.get("ROUNDS") or 1)
BUILD = os.environ.get("BUILD") or "build"

# --- one instance of each -------------------------------------------------------------------------------------------

ALONE = (faults.nothing, faults.services_killed, faults.postgres_killed, faults.postgres_stopped_immediately,
         faults.postgres_restarted, faults.ended_in_commit, faults.ended_anywhere, faults.deadlocks, faults.connections_exhausted,
         faults.postgres_stopped, faults.nats_killed, faults.nats_away, faults.nats_stopped, faults.consumers_stopped,
         faults.wiped_while_stopped, faults.wiped_while_running, faults.streams_deleted, faults.consumers_deleted,
         faults.older_copy, faults.tail_cut, faults.bit_flipped, faults.unread_bit_flipped, faults.middle_deleted, faults.stream_full,
         faults.republished, faults.few_files, faults.little_memory)
SEVERAL = (faults.services_killed, faults.leaders_stopped, faults.consumers_stopped, faults.postgres_killed,
           faults.ended_anywhere, faults.nats_killed, faults.wiped_while_stopped, faults.republished)
MODES = (proxy.DELAY, proxy.SLICE, proxy.RESET, proxy.SILENT, proxy.ONE_WAY)


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.__name__)
def test_nothing_is_lost_or_doubled_with_one_instance_of_each(fault_shop, chance, table, fault, round):
    run(fault_shop(), chance, table, fault.__name__, fault)


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("fault", SEVERAL, ids=lambda fault: fault.__name__)
def test_nothing_is_lost_or_doubled_with_three_instances_of_each(fault_shop, chance, table, fault, round):
    run(fault_shop(instances=3, env={"POOL_SIZE": "4"}), chance, table, f"{fault.__name__}, 3 instances", fault)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("target", ["postgres", "nats"])
def test_nothing_is_lost_or_doubled_by_the_network(fault_shop, chance, table, target, mode):
    fault = faults.network(target, mode)
    traffic = run(fault_shop(proxied=True), chance, table, fault.__name__, fault)
    assert traffic.slowest < 6, f"a request took {traffic.slowest:.1f} s"


@pytest.fixture
def own_network():
    """Packets are dropped only in a separate network namespace: tools/alone.sh."""
    if "ALONE" not in os.environ:
        pytest.skip("not in a separate network namespace: make faults")


CUTS = [("postgres", "dport", "sport"), ("postgres", "sport"), ("nats", "dport", "sport"), ("nats", "dport"), ("nats", "sport")]


@pytest.mark.parametrize("cut", CUTS, ids="-".join)
def test_nothing_is_lost_or_doubled_when_packets_are_dropped(own_network, fault_shop, chance, table, cut):
    fault = faults.cut_off(*cut)
    traffic = run(fault_shop(), chance, table, fault.__name__, fault)
    assert traffic.slowest < 12, f"a request took {traffic.slowest:.1f} s"


def test_a_backlog_is_applied_in_time(fault_shop, chance, table):
    run(fault_shop(), chance, table, "backlog", faults.backlog)


# --- F1: at every step ----------------------------------------------------------------------------------------------

POINTS = ("request.parsed", "work.begun", "work.locked", "work.written", "work.announced", "work.committing", "work.committed",
          "request.answered", "relay.selected", "relay.published", "relay.acked", "relay.marked", "consume.received",
          "consume.admitted", "consume.applied", "consume.acknowledged")


@pytest.fixture(scope="session")
def build_with_fault_points():
    build = os.environ.get("FAULT_BUILD") or "build-faults"
    if not os.path.exists(f"{build}/bin/backroom-orders"):
        pytest.skip(f"{build} does not exist: make faults builds it")
    return build


def stopped_gracefully(shop, service):
    """False when it reached the point while it was stopping."""
    process = shop.instances[service][0].process
    process.stop(patience=30)
    assert process.exit_code() in (0, 137)
    return process.exit_code() == 0


@pytest.mark.parametrize("round", range(ROUNDS))
@pytest.mark.parametrize("point", POINTS)
def test_a_service_killed_at_any_step_leaves_no_partial_effect(fault_shop, chance, table, build_with_fault_points, point, round):
    """All five in turn, in one run: each is killed when it reaches the point for the n-th time."""
    died = []

    def fault(shop, chance):
        for service in chance.sample(faults.SERVICES, 5):
            shop.stop(service)
            shop.start(service, env={"CRASH_AT": f"{point}:{chance.randrange(1, 6)}"}, wait=False)
            shop.stopped_by_us.add(f"{service}-0")
            if shop.instances[service][0].process.wait(6) or not stopped_gracefully(shop, service):
                died.append(service)
            shop.start(service)

    run(fault_shop(build=build_with_fault_points), chance, table, f"killed at {point}", fault)
    print(f"died at {point}: {died}")
    assert died, f"no service reached {point}"


def test_a_relay_leader_paused_before_it_marks_events_does_not_renumber_them(fault_shop, chance, table, build_with_fault_points):
    """It is paused between the stream's acknowledgement and its own update; another leads meanwhile; then it continues."""
    def fault(shop, chance):
        shop.stop("orders")
        shop.start("orders", 0, env={"STOP_AT": f"relay.acked:{chance.randrange(2, 6)}"})
        paused = shop.instances["orders"][0].process
        shop.start("orders", 1)
        eventually(lambda: state_of(paused.pid) == "T", 20)
        eventually(lambda: faults.new_leaders_of(shop, "orders", 0), 25)
        time.sleep(1.5)
        shop.resume("orders", 0)

    run(fault_shop(build=build_with_fault_points, instances=2), chance, table, "leader paused before marking", fault)


def state_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(") ")[2][0]


# --- F2, F15: several instances ---------------------------------------------------------------------------------------

def test_a_rolling_restart_behind_the_gateway_loses_no_reply(fault_shop, chance, table):
    shop = fault_shop(instances=3, gateway=True, env={"POOL_SIZE": "4"})
    traffic = Traffic(shop, chance, clients=shop.front._clients).open_shop()
    run(shop, chance, table, "rolling restart, gateway", faults.services_restarted, traffic=traffic)
    lost = [step for step in traffic.steps if step.outcome == "unknown" or step.status >= 500]
    assert not lost, lost


def test_ten_instances_started_at_once_create_one_schema_and_one_stream(cluster, fault_shop, table, chance):
    env = {"POOL_SIZE": "2"}
    shop = fault_shop(instances=10, services=("catalog", "orders"), env=env)        # empty database, empty nats-server
    for service in ("catalog", "orders"):
        done = shop.sql(service, "select name from migration")
        assert len(done) == len({row["name"] for row in done}) > 3
        assert "error" not in shop.nats.request(f"$JS.API.STREAM.INFO.{service.upper()}")
        eventually(lambda: len(faults.leaders(shop, service)) == 1, 20)
    shop.workflow.publish({"sku": "MUG", "price": 450})
    shop.workflow.book_in("MUG", 10)
    eventually(lambda: shop.orders.get("/v1/prices/MUG").status == 200)
    order = shop.workflow.order([("MUG", 2)])
    shop.workflow.wait_order(order["id"], status="confirmed")


# --- F5, F8: no room ----------------------------------------------------------------------------------------------------

@pytest.fixture
def small_disk(run_folder):
    """mount(folder, megabytes): a file system of that size; skips where mounting is not permitted."""
    mounted = []

    def mount(folder, megabytes):
        folder.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True)
        if done.returncode:
            pytest.skip("not permitted to mount a small file system")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)])


def fill(folder):
    """Fill a file system; the file to delete afterwards."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return filler


def test_writes_are_refused_while_postgresql_has_no_disk_space_and_work_afterwards(keyring, run_folder, chance, table, small_disk):
    home = type(run_folder)(f"/tmp/backroom-postgres-{os.getpid()}-full")
    small_disk(home, 400)
    home.chmod(0o755)
    server = Postgres(home / "p", free_ports(1)[0], new_passwords(), run_folder / "postgres-full.log", dies_with_us=True)
    server.start()
    server.template = "shop_template"
    server.create_database(server.template)
    shop = FaultShop(server, keyring, run_folder / "faults" / "disk-full", build=BUILD).begin()

    def fault(shop, chance):
        filler = fill(home)
        time.sleep(faults.HANG)
        filler.unlink()
        if not server.alive():
            server.start()

    try:
        run(shop, chance, table, "postgres disk full", fault)
        shop.end()
    finally:
        shop.abandon()
        server.kill9()


def test_nats_without_disk_space_raises_an_alarm_and_catches_up_after_a_restart(chance, table, small_disk, cluster, keyring, run_folder):
    shop = FaultShop(cluster, keyring, run_folder / "faults" / "nats-full")
    small_disk(shop.nats.folder, 24)
    shop.begin()

    def fault(shop, chance):
        filler = fill(shop.nats.folder)
        time.sleep(faults.HANG)
        stalled = sum(shop.metric(service, name) or 0 for service in faults.SERVICES
                      for name in ("backroom_nats_stalled", "backroom_publish_errors_total"))
        print(f"nats-server on a full disk: {stalled} alarms")
        filler.unlink()
        shop.nats.kill9()
        shop.nats.start()

    try:
        run(shop, chance, table, "nats disk full", fault)
        shop.end()
    finally:
        shop.abandon()


def test_a_full_log_disk_stops_no_service(chance, table, small_disk, cluster, keyring, run_folder):
    shop = FaultShop(cluster, keyring, run_folder / "faults" / "logs-full")
    logs = shop.folder / "logs"
    small_disk(logs, 1)
    for each in shop.chosen():
        each.log = logs / each.log.name
    shop.not_json.append(r"^\{[^}]*$")                # the line that the full disk cut off
    shop.begin()

    def fault(shop, chance):
        filler = fill(logs)
        shop.nats.kill9()                           # causes many log lines
        time.sleep(faults.HANG)
        filler.unlink()

    try:
        traffic = run(shop, chance, table, "disk of the logs full", fault)
        shop.end()
    finally:
        shop.abandon()
    assert traffic.counts()["unknown"] == 0, "a request got no response"


# --- F16: two versions ------------------------------------------------------------------------------------------------------

PREVIOUS = "build-previous"             # of the newest release before this commit: tools/previous.sh


@pytest.mark.skipif(not os.path.exists(f"{PREVIOUS}/bin/backroom-orders"), reason="no earlier release is built: tools/previous.sh")
def test_two_versions_work_side_by_side_during_an_upgrade(cluster, chance, table, keyring, run_folder):
    shop = FaultShop(cluster, keyring, run_folder / "faults" / "versions", instances=2, env={"POOL_SIZE": "4"}, build=PREVIOUS)
    shop.begin()

    def replace(build, number):
        for service in faults.SERVICES:
            shop.stop(service, number)
            shop.instances[service][number].build = build
            shop.start(service, number)

    def fault(shop, chance):
        replace(os.environ.get("BUILD") or "build", 0)           # runs its migrations
        time.sleep(faults.HANG / 2)
        replace(PREVIOUS, 1)                                     # starts on the newer schema
        time.sleep(faults.HANG / 2)
        replace(os.environ.get("BUILD") or "build", 1)

    try:
        run(shop, chance, table, "two versions", fault)
        shop.end()
    finally:
        shop.abandon()


# --- F10: clocks ----------------------------------------------------------------------------------------------------------

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


@pytest.mark.skipif(not os.path.exists(FAKETIME), reason="faketime is not installed")
@pytest.mark.parametrize("offset", ["+3600", "-3600", "-300"])
def test_a_wrong_clock_in_a_process_changes_no_order_of_events(fault_shop, chance, table, offset):
    def fault(shop, chance):
        for service in faults.SERVICES:
            shop.restart(service, 1, env={"LD_PRELOAD": FAKETIME, "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"})
        time.sleep(4)
        for service in faults.SERVICES:
            shop.restart(service, 1)

    run(fault_shop(instances=2), chance, table, f"clock {offset} s", fault)


# --- F12: poison ----------------------------------------------------------------------------------------------------------

def consumers_of(shop, stream, subject):
    return [each["name"] for each in shop.consumers(stream) if each["config"]["filter_subject"] == subject]


def dead(shop, service):
    return shop.sql(service, "select id::text, event_id::text, consumer, code, state from dead_letter where state = 'open'")


def test_poison_becomes_one_dead_letter_each_and_all_other_events_are_applied(fault_shop, chance, table):
    shop = fault_shop()
    traffic = Traffic(shop, chance).open_shop()
    with traffic:
        time.sleep(0.5)
        faults.poison(shop, chance)
        bad = faults.invalid_event(shop, "orders.order.placed", {"id": "x", "lines": "none"})
        time.sleep(2)
    assert settle(shop) is None
    consuming = [name.split("-")[0] for name in consumers_of(shop, "orders", "orders.order.*")]
    for service in consuming:
        codes = Counter(each["code"] for each in dead(shop, service) if not each["event_id"])
        assert codes == {"event.malformed": len(faults.BROKEN)}, (service, codes)
        assert bad in {each["event_id"] for each in dead(shop, service)}, f"{service} accepted an order without an id"
    for service in consuming:                       # by the API: a retry fails, then it is discarded
        client = shop.clients[service]
        for letter in client.get("/v1/dead-letters").expect(200)["data"]:
            if letter["state"] == "open":
                client.post(f"/v1/dead-letters/{letter['id']}/retry").expect(409, 422)
                client.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "a test"}).expect(200)
        assert not dead(shop, service)
    verdicts = Check(shop, traffic).verdicts()
    for name in ("I4", "I6"):                       # the invalid event is in a cursor but in no event log
        verdicts[name] = verdicts[name] if bad not in (verdicts[name] or "") else None
    table.add("poison", verdicts, traffic)
    assert not any(verdicts.values()), verdicts
