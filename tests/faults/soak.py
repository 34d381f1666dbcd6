"""Random faults under traffic for hours: nothing is lost, nothing grows (make soak, HOURS=2)."""
import os
import time

import pytest

import faults
from invariants import footprint, grew
from run import run

HOURS = float(os.environ.get("HOURS") or 2)
FAULTS = (faults.nothing, faults.services_killed, faults.services_restarted, faults.postgres_stopped_immediately,
          faults.ended_in_commit, faults.ended_anywhere, faults.nats_killed, faults.nats_away, faults.wiped_while_stopped,
          faults.older_copy, faults.consumers_deleted, faults.republished)


@pytest.mark.timeout(HOURS * 3600 * 1.2 + 600)
def test_a_long_time_of_faults_leaves_nothing_behind(fault_shop, chance, table):
    end, runs = time.monotonic() + HOURS * 3600, 0
    while time.monotonic() < end:
        fault = chance.choice(FAULTS)
        shop = fault_shop(instances=2, env={"POOL_SIZE": "4"})
        run(shop, chance, table, f"soak: {fault.__name__}", fault, 5, 5)
        runs += 1
        threads, files, kilobytes = (max(column) for column in zip(*footprint(shop).values()))
        print(f"{time.monotonic() - end + HOURS * 3600:.0f} s: at most {threads} threads, {files} files, {kilobytes:,} kB in a process")
    print(f"{runs} runs in {HOURS} hours")


@pytest.mark.timeout(HOURS * 3600 * 1.2 + 600)
def test_nothing_grows_under_steady_traffic(fault_shop, chance, table):
    """Without faults: memory, threads and open files stay as they were after the first tenth of the time."""
    shop = fault_shop()
    end = time.monotonic() + HOURS * 1800
    run(shop, chance, table, "soak: steady", faults.nothing, HOURS * 180, 1)
    before = footprint(shop)
    while time.monotonic() < end:
        run(shop, chance, table, "soak: steady", faults.nothing, min(60, HOURS * 300), 1)
    now = footprint(shop)
    print(f"threads, files and kB, then and now: { {name: (was, now[name]) for name, was in before.items()} }")
    assert not {name: (was, now[name]) for name, was in before.items() if grew(was, now[name])}
