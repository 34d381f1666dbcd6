#!/usr/bin/python3
"""make age: whether cost grows with age. The same work in a young and an old shop, in turn.

    bench/age.py [--young 10000] [--old 5000000] [--rounds 5] [--seconds 2] [--again] [WORK…]

Two databases of one PostgreSQL, each with its own nats-server, catalog and orders. Both are filled by SQL with complete past
orders (bench/age/*.sql; 5 million take about 30 GB and a quarter of an hour). The result is the median of the ratios of the
rounds, old to young: of the time of a request, and of the CPU of service and PostgreSQL, which is more reliable on a shared
machine. --again keeps the shops and measures again, with the binaries built meanwhile, for every line of works on standard
input.
"""
import argparse
import copy
import statistics
import sys
import threading
import time
from datetime import datetime, timezone

from environment import Environment  # noqa: E402 (also sets the path)
import events
import orders
from harness import Shop
from load import HERE, wrk
from open_loop import MIXES, OpenLoop
from stack.client import eventually

SERVICES = ("catalog", "orders")
# Bulk loads need no WAL; the services' commits stay durable.
SETTINGS = {"wal_level": "minimal", "max_wal_senders": 0, "max_wal_size": "'8GB'", "maintenance_work_mem": "'512MB'"}
READS = {
    "GET one product": ("catalog", "/v1/products/{product}"),
    "GET one order, of all ages": ("orders", "/v1/orders/{order}"),
    "GET its timeline": ("orders", "/v1/orders/{order}/timeline"),
    "GET list of 20 orders": ("orders", "/v1/orders?limit=20"),
    "GET list of 20, of a status": ("orders", "/v1/orders?limit=20&status=delivered"),
    "GET list of 20, of a customer": ("orders", "/v1/orders?limit=20&customer_ref={customer}"),
    "GET list of 20, of a day": ("orders", "/v1/orders?limit=20&placed_from={at}"),
    "GET orders on hold": ("orders", "/v1/orders?limit=20&held=true"),
    "GET orders overdue": ("orders", "/v1/orders?limit=20&overdue=true"),
    "GET orders partly paid": ("orders", "/v1/orders?limit=20&payment_status=partly_paid"),
    "GET orders that wait for stock": ("orders", "/v1/orders?limit=20&stock_status=backordered"),
    "GET orders of a channel": ("orders", "/v1/orders?limit=20&channel=shop"),
    "GET the largest orders": ("orders", "/v1/orders?limit=20&sort=-total"),
    "GET open work": ("orders", "/v1/work"),
    "GET the feed's end": ("orders", "/v1/events?after={head}&limit=20"),
    "GET the feed's end, of a type": ("orders", "/v1/events?after={head}&limit=20&type=orders.order.*"),
    "GET list of 20 reservations": ("catalog", "/v1/reservations?limit=20"),
    "GET reservation of an order": ("catalog", "/v1/reservations?order_id={order}"),
    "GET movements of a SKU": ("catalog", "/v1/stock/{sku}/movements?limit=20"),
    "GET stock of a SKU": ("catalog", "/v1/stock/{sku}"),
    "GET why a SKU is short": ("catalog", "/v1/stock/{sku}/explain"),
}


class Side:
    """One of the two shops, with the interface of an Environment."""

    def __init__(self, environment, shop, count):
        self.shop, self.count = shop, count
        self.environment = copy.copy(environment)
        self.environment.shop = shop

    def fill(self):
        self.shop.begin()
        orders.fill(self.environment)
        self.shop.stop()
        now = datetime.now(timezone.utc).isoformat()
        threads = [threading.Thread(target=self.fill_service, args=(service, now)) for service in SERVICES]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.environment.postgres.psql(self.shop.database, "--command", "vacuum (analyze, parallel 0)")
        self.shop.start()
        self.choose()

    def fill_service(self, service, now):
        made = self.shop.nats.request(f"$JS.API.STREAM.INFO.{service.upper()}")["created"]
        seconds, _, rest = made.rstrip("Z").partition(".")
        epoch = int(datetime.fromisoformat(seconds + "+00:00").timestamp()) * 10**9 + int(rest.ljust(9, "0") or 0)
        began = time.monotonic()
        self.environment.postgres.psql(self.shop.database, "--file", str(HERE / "age" / f"{service}.sql"), "--set", f"orders={self.count}",
                                 "--set", f"epoch={epoch}", "--set", f"now={now}")
        print(f"{service} filled with {self.count:,} orders in {time.monotonic() - began:.0f} s", flush=True)

    def choose(self):
        """A thousand orders of all ages."""
        self.some = self.shop.sql("orders", "select id::text as order, customer_ref as customer, placed_at as at, channel_ref from orders "
                                  "join generate_series(1, %s, greatest(1, %s / 1000)) n on channel_ref = 'W-' || lpad(n::text, 9, '0') "
                                  "where channel = 'web'", self.count, self.count)
        self.product = self.shop.value("catalog", "select id::text from product limit 1")

    def paths(self, path):
        head = self.shop.value("orders", "select coalesce(max(position), 0) from event where position is not null")
        file = self.shop.folder / "paths"
        file.write_text("".join(path.format(**{**each, "at": each["at"].strftime("%Y-%m-%dT%H:%M:%SZ")}, product=self.product,
                                            head=max(0, head - 20), sku=f"BENCH-{n % orders.SKUS + 1}") + "\n"
                                for n, each in enumerate(self.some)))
        return {"PATHS": str(file), "TOKEN": self.environment.token()}

    def size(self):
        return self.shop.value("postgres", "select pg_database_size(current_database())")


# -- the works: each returns (milliseconds, CPU milliseconds) of a request, 16 at a time -----------------------------------------

def with_cpu(side, service, seconds, work):
    before = sum(side.environment.cpu(service))
    rate = work()
    return 16000 / rate, 1000 * (sum(side.environment.cpu(service)) - before) / (rate * seconds)


def read(side, service, path, seconds):
    env = side.paths(path)
    return with_cpu(side, service, seconds, lambda: wrk(side.environment.base(service) + "/", 16, seconds, script="read.lua", env=env))


def post(side, seconds):
    return with_cpu(side, "orders", seconds, lambda: orders.place(side.environment, seconds))


def reserve(side, seconds):
    """Publish orders while catalog is stopped; then catalog starts and reserves them. Milliseconds per order."""
    side.shop.settle(120)
    side.shop.stop("catalog")
    begin = side.shop.value("postgres", "select now()")
    orders.place(side.environment, seconds)
    eventually(lambda: not side.shop.value("orders", "select count(*) from event where seq is null"), 60)
    placed = side.shop.value("orders", "select count(*) from orders where placed_at > %s", begin)
    before = side.environment.cpu("orders")[1]
    side.shop.start("catalog")
    known = "select count(*) from reservation where created_at > %s"
    eventually(lambda: side.shop.value("catalog", known, begin) >= placed, 120)
    spent = side.shop.value("catalog", "select extract(epoch from max(created_at) - min(created_at))::float8 from reservation "
                            "where created_at > %s", begin)
    return 1000 * max(spent, 0.001) / placed, 1000 * (side.environment.cpu("catalog")[0] + side.environment.cpu("orders")[1] - before) / placed


def lags(side, seconds):
    side.shop.settle(120)
    times = events.paced(side.environment, OpenLoop(side.environment, MIXES["orders"]), 50, 2 * seconds)
    return times[len(times) // 2], times[int(len(times) * 0.99)]


def metrics(side, _):
    began = time.monotonic()
    side.shop.ops("orders", "/metrics")
    return (1000 * (time.monotonic() - began),)


def restart(side, _):
    """From the start of orders to its first event published: the relay verifies the stream first."""
    side.shop.settle(120)
    side.shop.stop("orders")
    began = time.monotonic()
    side.shop.start("orders")
    ref = f"again-{time.time_ns()}"
    side.shop.workflow.order([("BENCH-1", 1)], channel_ref=ref, paid=False)
    eventually(lambda: not side.shop.value("orders", "select count(*) from event where seq is null"), 60, pause=0.005)
    return (1000 * (time.monotonic() - began),)


def ratio_of(young, old):
    return statistics.median(o / y for y, o in zip(young, old))


def report(name, young, old):
    """Each a list of (milliseconds, CPU milliseconds) or of (milliseconds,)."""
    columns = list(zip(zip(*young), zip(*old)))
    ratios = [ratio_of(*column) for column in columns]
    shown = [f"{statistics.median(each):.2f} ({min(each):.2f}–{max(each):.2f})" for each in columns[0]]
    cpu = [f"{statistics.median(each):.2f}" for each in columns[1]] if len(columns) > 1 else ["", ""]
    print(f"| {name} | {' | '.join(shown)} | {ratios[0]:.2f} × | {' | '.join(cpu)} | " + (f"{ratios[1]:.2f} × |" if cpu[0] else "|"), flush=True)
    return ratios[-1]


def compare(name, sides, work, rounds):
    """Measure both sides in turn, in alternating order."""
    found = ([], [])
    for turn in range(rounds):
        for which in ((0, 1), (1, 0))[turn % 2]:
            found[which].append(work(sides[which]))
    return report(name, *found)


def measure_lag(sides, o):
    found = [[lags(side, o.seconds) for side in sides] for _ in range(o.rounds)]
    return {name: report(name, *([(each[side][place],) for each in found] for side in (0, 1)))
            for place, name in enumerate(("event lag at 50 orders/s, p50", "event lag at 50 orders/s, p99"))}


def measure(sides, o, wanted):
    """All works, or those whose name has one of the wanted words."""
    def asked(name):
        return not wanted or any(word in name for word in wanted)
    print("\n| work | young, ms | old, ms | ratio | CPU young, ms | CPU old, ms | ratio |\n" + "| --- " * 7 + "|", flush=True)
    works = {name: lambda side, s=service, p=path: read(side, s, p, o.seconds) for name, (service, path) in READS.items()}
    works.update({"POST an order of 2 lines": lambda side: post(side, o.seconds), "reservations, an order": lambda side: reserve(side, o.seconds),
                  "/metrics of orders": lambda side: metrics(side, o), "start of orders to its first event published":
                  lambda side: restart(side, o)})
    ratios = {name: compare(name, sides, work, o.rounds) for name, work in works.items() if asked(name)}
    if asked("event lag"):
        ratios.update(measure_lag(sides, o))
    worst = max(ratios, key=ratios.get)
    print(f"\nlargest ratio: {ratios[worst]:.2f} × ({worst}); above 1.5 ×: {[name for name in ratios if ratios[name] > 1.5]}", flush=True)


def again(sides, o):
    for line in sys.stdin:
        for side in sides:
            side.shop.restart()
            side.choose()
        measure(sides, o, line.split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--young", type=int, default=10_000)
    parser.add_argument("--old", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--build", default="build")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("works", nargs="*", help="words of the names of the works to measure")
    o = parser.parse_args()
    with Environment(o.build, settings=SETTINGS, services=SERVICES) as environment:
        sides = [Side(environment, environment.shop, o.young)]
        other = Shop(environment.postgres, environment.keys, environment.folder / "old", services=SERVICES, build=o.build)
        try:
            sides.append(Side(environment, other, o.old))
            for side in sides:
                side.fill()
            print(", ".join(f"{side.count:,} orders: {side.size() / 1e9:.1f} GB" for side in sides), flush=True)
            measure(sides, o, o.works)
            if o.again:
                again(sides, o)
        finally:
            other.abandon()


if __name__ == "__main__":
    sys.exit(main())
