"""Fixtures: `shop` is one running Backroom for a test file; `open_shop` starts more of them.

A test file sets the options of its shop:   SHOP = {"instances": 3, "env": {"ORDER_PAY_SECONDS": "2"}}
The default number of instances is INSTANCES of the environment.
"""
import os
import re
from pathlib import Path

import pytest

from harness import Shop

BUILD = os.environ.get("BUILD") or "build"
INSTANCES = int(os.environ.get("INSTANCES") or 1)


def pytest_report_header(config):
    return f"backroom: {BUILD}, {INSTANCES} instance(s) of each service"


def start_shop(cluster, keyring, folder, options):
    if not cluster.alive():             # a test killed it
        cluster.start()
    shop = Shop(cluster, keyring, folder, **{"instances": INSTANCES, "build": BUILD, **options})
    try:
        return shop.begin()
    except BaseException:
        shop.abandon()
        raise


def end_shop(cluster, shop):
    """Stop a shop and fail if it has faults that no test expected."""
    if not cluster.alive():
        cluster.start()
    shop.end()


@pytest.fixture(scope="module")
def shop(request, cluster, keyring, run_folder):
    """One shop for all tests of a file, with its own database and nats-server."""
    made = start_shop(cluster, keyring, run_folder / Path(request.module.__file__).stem,
                      getattr(request.module, "SHOP", {}))
    yield made
    end_shop(cluster, made)


@pytest.fixture
def open_shop(request, cluster, keyring, run_folder):
    """open_shop(instances=3, env={…}, gateway=True): another shop, for one test alone."""
    opened = []

    def open_one(**options):
        name = re.sub(r"\W+", "-", request.node.name)[:60]
        folder = run_folder / Path(request.module.__file__).stem / f"{name}-{len(opened)}"
        opened.append(start_shop(cluster, keyring, folder, options))
        return opened[-1]

    yield open_one
    for made in opened:
        end_shop(cluster, made)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the folder of the logs to the report of a failure."""
    outcome = yield
    report = outcome.get_result()
    shop = item.funcargs.get("shop") if hasattr(item, "funcargs") else None
    if report.failed and shop is not None:
        report.sections.append(("logs", f"{shop.folder}"))
