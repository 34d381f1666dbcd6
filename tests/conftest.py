"""What system and fault tests share: the run's folder, one PostgreSQL, the keys; and several workers side by side.

With pytest-xdist (tools/test.sh) each worker has its own servers and its own range of ports, and runs whole files, the
longest first. BUILD is the folder with the binaries.
"""
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "harness")]

from keyring import Keyring                                             # noqa: E402
from stack import process                                               # noqa: E402
from stack.postgres import Postgres, home_below, new_passwords          # noqa: E402

BUILD = os.environ.get("BUILD") or "build"
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
KEEP = 3        # earlier runs whose folders are kept
# Files that take longer than 20 seconds: they begin first, so that all workers end at about the same time.
LONG = ("test_query_plans", "test_damaged_stream", "test_exact_figures", "test_order_workflow", "test_resilience", "test_real_day",
        "test_connection_pool", "test_reservations", "test_relay_and_consumers", "test_bad_inputs", "test_imports",
        "test_outbound_races", "test_event_delivery", "test_quick", "test_tracking", "test_unresponsive_nats", "test_group_commit",
        "test_event_log", "test_adverse_conditions", "test_orders", "test_refunds", "test_hostile_clients", "test_personal_data", "test_http")

process.port_range = tuple(20000 + 12000 * each // WORKERS for each in (WORKER, WORKER + 1))


def pytest_configure(config):
    # SIGTERM is handled as ctrl-C: the fixtures clean up. After SIGKILL the kernel ends the servers.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The long files first; all others as they were collected."""
    if WORKERS > 1:
        items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def run_folder():
    """The folder of this run's logs and servers; each worker has its own."""
    pid = os.getpid()
    folder = ROOT / ".test" / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{WORKER}-{pid}-{process.start_of(pid)}"
    folder.mkdir(parents=True)
    if WORKER == 0:
        delete_old_runs()
        link = ROOT / ".test" / f"latest-{pid}"
        link.symlink_to(folder.name)
        link.replace(ROOT / ".test" / "latest")
    return folder


def delete_old_runs():
    """All but the last few, and none that still runs."""
    old = sorted((ROOT / ".test").glob("run-*"), key=lambda folder: folder.name)
    for place, folder in enumerate(old):
        pid, started = folder.name.split("-")[-2:]
        if process.start_of(pid) == started:
            continue
        outside = folder / "postgres_folder"
        if outside.exists() and Path(outside.read_text()).name.startswith("backroom-postgres-"):
            shutil.rmtree(outside.read_text(), ignore_errors=True)
        if place < len(old) - KEEP * WORKERS:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(run_folder):
    """One PostgreSQL for all tests, with durable commits: the services require them."""
    home = home_below(run_folder)
    (run_folder / "postgres_folder").write_text(str(home))
    server = Postgres(home, process.free_ports(1)[0], new_passwords(), run_folder / "postgres.log", dies_with_us=True)
    server.start()
    server.template = "shop_template"
    server.create_database(server.template)
    yield server
    if server.alive():
        server.stop()
    server.kill9()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def keyring(run_folder):
    return Keyring(run_folder / "keys", BUILD)
