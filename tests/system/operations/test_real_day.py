"""The demo of `make run`: the small shop, and one real day while every process is killed.

The day is from the file SHOP_DATA, or from one beside the checkout (../shared/data/*.csv.gz); without a file, a day of the
same format is generated (its seed is printed).
"""
import csv
import json
import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from stack import process
from stack.process import free_ports, start_of

ROOT = Path(__file__).resolve().parents[3]
DAY = "2010-12-01"


class Backroom:
    """A Backroom in its own run folder, started by the tools."""

    def __init__(self, folder, instances=1):
        ports = free_ports(4)
        self.folder = folder
        self.env = {**os.environ, "RUN_DIR": str(folder), "INSTANCES": str(instances), "GATEWAY_PORT": str(self.base()),
                    "POSTGRES_PORT": str(ports[0]), "NATS_PORT": str(ports[1]), "NATS_MONITOR_PORT": str(ports[2])}
        self.env.pop("DATA", None)

    @staticmethod
    def base():
        """A gateway port with free ports for the services above it."""
        chance = random.Random()
        while True:
            base = chance.randrange(process.port_range[0], process.port_range[1] - 1100, 50)
            if all(is_free(base + n) and is_free(base + 1000 + n) for n in range(40)):
                return base

    def run(self, tool, *words, **more):
        return subprocess.run([str(ROOT / "tools" / tool), *words], env=self.env, cwd=ROOT, capture_output=True, text=True, **more)

    def up(self):
        done = self.run("up", timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def processes(self):
        return json.loads((self.folder / "state.json").read_text())["processes"]

    def kill9(self, name):
        one = self.processes()[name]
        if start_of(one["pid"]) == one["started"]:
            os.kill(one["pid"], signal.SIGKILL)


def is_free(port):
    import socket
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


@pytest.fixture
def backroom(run_folder, request):
    made = Backroom(run_folder / request.node.name)
    made.up()
    yield made
    made.run("down", timeout=60)


def generate_day(path):
    """Write a day in the format of the real file: sales, a cancellation of one, invalid rows."""
    seed = int(os.environ.get("SEED") or time.time())
    chance = random.Random(seed)
    print(f"SEED={seed}")
    articles = [(f"{10000 + n}{chance.choice(['', 'A', 'B'])}", f"ARTICLE {n}", f"{chance.randrange(1, 2000) / 100:.2f}") for n in range(120)]
    rows = []
    for n in range(60):
        at = f"{DAY} {8 + n // 8:02}:{chance.randrange(60):02}:00"
        who = chance.choice(["17850.0", "13047.0", "12583.0", ""])
        for sku, name, price in chance.sample(articles, chance.randrange(1, 25)):
            rows.append([536365 + n, sku, name, chance.randrange(1, 30), at, price, who, "United Kingdom"])
        if n % 10 == 0:
            rows.append([536365 + n, "POST", "POSTAGE", 1, at, "18.00", who, "France"])
    sale = next(row for row in rows if row[6] and row[3] > 2 and row[1] != "POST")
    rows.append([f"C{536500}", sale[1], sale[2], -1, f"{DAY} 18:30:00", sale[5], sale[6], sale[7]])
    rows.append([536600, articles[0][0], "", 56, f"{DAY} 18:00:00", "0.0", "", "United Kingdom"])
    rows.append([536601, articles[0][0], "check", -10, f"{DAY} 18:00:00", "0.0", "", "United Kingdom"])
    with open(path, "w", newline="") as out:
        csv.writer(out).writerows([["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
                                    "CustomerID", "Country"], *rows])
    return path


@pytest.fixture
def day_file(tmp_path):
    response = os.environ.get("SHOP_DATA")
    beside = sorted((ROOT.parent / "shared" / "data").glob("online-retail-*.csv.gz"))
    return Path(response) if response else beside[0] if beside else generate_day(tmp_path / "day.csv")


def test_the_demo_of_a_small_shop_reconciles(backroom):
    done = backroom.run("demo", timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " NO " not in done.stdout and "analytics equal orders" in done.stdout
    again = backroom.run("up", timeout=60)
    assert "ready on port" not in again.stdout, f"a second start reuses what runs: {again.stdout}"


def kill_in_turn(backroom, over):
    """Kill every process in turn and restart it with tools/up."""
    for name in ("orders-0", "nats", "catalog-0", "postgres", "fulfillment-0", "analytics-0", "support-0", "nats", "postgres"):
        if over.wait(2.5):
            return
        backroom.kill9(name)
        time.sleep(0.5)
        backroom.up()


@pytest.mark.timeout(600)
def test_a_real_day_is_processed_exactly_once_while_every_process_is_killed(backroom, day_file):
    over = threading.Event()
    killer = threading.Thread(target=kill_in_turn, args=(backroom, over))
    killer.start()
    done = backroom.run("demo", "--data", str(day_file), "--day", DAY, timeout=500)
    over.set()
    killer.join()
    print(done.stdout[-4000:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert " NO " not in done.stdout and "ok  the day equals the file" in done.stdout
