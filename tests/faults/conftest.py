"""The fault tests: shops under traffic, and the table of faults × invariants.

SEED=… replays a run; FAULT_SECONDS is the length of a hang (default: short ones).
"""
import os
import random
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from run import FaultShop                                               # noqa: E402
from table import Table                                                 # noqa: E402

BUILD = os.environ.get("BUILD") or "build"
SEED = int(os.environ.get("SEED") or time.time())
FIXED = 20101201            # of the part that `make test` runs


def pytest_report_header(config):
    return f"backroom faults: SEED={SEED}"


def pytest_collection_modifyitems(items):
    """PART=2/3: the second third of the tests in order, as neighbours share a shop."""
    part, parts = map(int, os.environ.get("PART", "1/1").split("/"))
    items[:] = items[len(items) * (part - 1) // parts:len(items) * part // parts]


@pytest.fixture(scope="session")
def table(run_folder):
    made = Table(SEED)
    yield made
    made.close()


@pytest.fixture
def chance(request):
    """The random generator of this test alone, so that one test replays without the others."""
    seed = FIXED if "test_quick" in request.node.nodeid else SEED
    print(f"SEED={seed} {request.node.name}")
    return random.Random(f"{seed} {request.node.name}")


class Pool:
    """Keeps the last shop for tests that need the same one. It is used for a few runs, and never again after a failed one.
    More than one at a time would need too many of PostgreSQL's connections."""
    RUNS = 12

    def __init__(self, cluster, keyring, folder):
        self.cluster, self.keyring, self.folder, self.open = cluster, keyring, folder, {}

    def get(self, **options):
        if not self.cluster.alive():
            self.cluster.start()
        key = repr(sorted((name, repr(value)) for name, value in options.items()))
        shop, runs = self.open.pop(key, (None, 0))
        for other in [kept for kept, _ in self.open.values()] + [shop] * bool(shop and runs >= self.RUNS):
            self.finish(other)
        if shop and runs >= self.RUNS:
            shop = None
        if not shop:
            options = {"build": BUILD, **options}
            runs = 0
            shop = FaultShop(options.pop("postgres", self.cluster), self.keyring,
                             self.folder / f"shop-{time.time_ns() // 10**6}", **options)
            shop.begin()
        self.open[key] = (shop, runs + 1)
        return shop

    def drop(self, shop):
        self.open = {key: pair for key, pair in self.open.items() if pair[0] is not shop}
        shop.abandon()

    def finish(self, shop):
        self.open = {key: pair for key, pair in self.open.items() if pair[0] is not shop}
        if not shop.postgres.alive():
            shop.postgres.start()
        shop.end()


@pytest.fixture(scope="session")
def pool(cluster, keyring, run_folder):
    made = Pool(cluster, keyring, run_folder / "faults")
    yield made
    for shop, _ in list(made.open.values()):
        made.finish(shop)


@pytest.fixture
def fault_shop(request, pool):
    """fault_shop(instances=3, proxied=True, build=…): a healthy shop, new or kept from an earlier test."""
    used = []

    def open_one(**options):
        used.append(pool.get(**options))
        return used[-1]

    yield open_one
    for shop in used:
        if request.node.failed:
            pool.drop(shop)
        elif not any(shop is kept for kept, _ in pool.open.values()):
            pool.finish(shop)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    item.failed = getattr(item, "failed", False) or outcome.get_result().failed
