"""Fixtures: `shop` is one running Backroom for a test file; `open_shop` makes more of them.

A test file says how it wants its shop:   SHOP = {"instances": 3, "env": {"ORDER_PAY_SECONDS": "2"}}
Without that, INSTANCES of the environment counts. BUILD names the folder with the binaries.
"""
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "harness"),
                *{str(each.parent) for each in Path(__file__).parent.rglob("test_*.py")}]

from harness import Keys, Shop                                          # noqa: E402
from stack.postgres import Postgres, home_below, new_passwords          # noqa: E402
from stack.process import free_ports, start_of                          # noqa: E402

BUILD = os.environ.get("BUILD") or "build"
INSTANCES = int(os.environ.get("INSTANCES") or 1)
KEEP = 3        # folders of earlier runs


def pytest_configure(config):
    # A polite end from outside is as ctrl-C: the fixtures clean up. After an impolite one the kernel does.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))


def pytest_report_header(config):
    return f"backroom: {BUILD}, {INSTANCES} instance(s) of each service"


@pytest.fixture(scope="session")
def run_folder():
    """Where this run's logs and servers are."""
    forget_old_runs()
    folder = ROOT / ".test" / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{start_of(os.getpid())}"
    folder.mkdir(parents=True)
    latest = ROOT / ".test" / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(folder.name)
    return folder


def forget_old_runs():
    old = sorted((ROOT / ".test").glob("run-*"), key=lambda folder: folder.stat().st_mtime)
    for place, folder in enumerate(old):
        pid, started = folder.name.split("-")[-2:]
        if start_of(pid) == started:
            continue
        outside = folder / "postgres_folder"
        if outside.exists() and Path(outside.read_text()).name.startswith("backroom-postgres-"):
            shutil.rmtree(outside.read_text(), ignore_errors=True)
        if place < len(old) - KEEP:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(run_folder):
    """One PostgreSQL for the whole run, as durable as in earnest: the services insist on it."""
    home = home_below(run_folder)
    (run_folder / "postgres_folder").write_text(str(home))
    server = Postgres(home, free_ports(1)[0], new_passwords(), run_folder / "postgres.log", dies_with_us=True)
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
    return Keys(run_folder / "keys", BUILD)


def make_shop(cluster, keyring, folder, said):
    if not cluster.alive():             # a test left it dead
        cluster.start()
    said = {"instances": INSTANCES, "build": BUILD, **said}
    shop = Shop(cluster, keyring, folder, **said)
    try:
        return shop.begin()
    except BaseException:
        shop.abandon()
        raise


def finish(cluster, shop):
    """Stop it and fail if anything went wrong that no test looked for. A test may have left PostgreSQL dead."""
    if not cluster.alive():
        cluster.start()
    shop.end()


@pytest.fixture(scope="module")
def shop(request, cluster, keyring, run_folder):
    """One shop for all tests of a file, with a database and a nats-server of its own."""
    made = make_shop(cluster, keyring, run_folder / Path(request.module.__file__).stem,
                     getattr(request.module, "SHOP", {}))
    yield made
    finish(cluster, made)


@pytest.fixture
def open_shop(request, cluster, keyring, run_folder):
    """open_shop(instances=3, env={…}, gateway=True): another shop, for one test alone."""
    opened = []

    def open_one(**said):
        name = re.sub(r"\W+", "-", request.node.name)[:60]
        folder = run_folder / Path(request.module.__file__).stem / f"{name}-{len(opened)}"
        opened.append(make_shop(cluster, keyring, folder, said))
        return opened[-1]

    yield open_one
    for made in opened:
        finish(cluster, made)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure says where the logs are."""
    outcome = yield
    report = outcome.get_result()
    shop = item.funcargs.get("shop") if hasattr(item, "funcargs") else None
    if report.failed and shop is not None:
        report.sections.append(("logs", f"{shop.folder}"))
