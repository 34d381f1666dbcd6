#!/usr/bin/python3
"""make overload: what becomes of a service that is offered twice what it can do (R-79).

Its best rate is measured first (mixed reads and orders, as fast as answers come); then twice as much arrives, answered or not,
in turn for ROUNDS; then half of the best for ten seconds more. It must shed with 503 and Retry-After, keep 80 % of its best, and
be back within ten seconds. Ratios, as the machine may be busy otherwise; the load generator and PostgreSQL share it.
"""
import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import world                        # noqa: F401, E402 (sets the path)
import orders                       # noqa: E402
from offer import MIXES, Offer       # noqa: E402
from world import World             # noqa: E402

KEPT, RECOVERED_WITHIN = 0.8, 10


def median(rows, name):
    return statistics.median(row[name] for row in rows)


def shown(rows):
    return (f"good {median(rows, 'good'):.0f}/s (p50 {median(rows, 'good_p50'):.0f} ms, p99 {median(rows, 'good_p99'):.0f} ms), "
            f"503 {median(rows, 'refused'):.0f}/s (p50 {median(rows, 'refused_p50'):.0f} ms, p99 {median(rows, 'refused_p99'):.0f} ms), late "
            f"{median(rows, 'late'):.0f}/s, unsent {median(rows, 'unsent'):.0f}/s, other {sum(row['other'] for row in rows):.0f}")


def measured(world, offer, *how):
    """A run, and the CPU of service and PostgreSQL for each good answer, in µs."""
    before = world.cpu("orders")
    rows = offer.run(*how)
    good = max(1, sum(row["good"] for row in rows))
    return rows[1:] if len(rows) > 1 else rows, [(b - a) / good * 1e6 for a, b in zip(before, world.cpu("orders"))]


def overload(world, mix, rounds, seconds):
    """Best and flood in turn, so that both have the same weather."""
    offer = Offer(world, MIXES[mix])
    offer.run("closed", 16, 2)
    most, connections = max((median(offer.run("closed", many, 2), "good"), many) for many in (16, 32, 64))
    kept, odd = [], 0
    for _ in range(rounds):
        calm, cost = measured(world, offer, "closed", connections, seconds)
        peak = median(calm, "good")
        most = max(most, peak)
        flood, dear = measured(world, offer, "open", int(2 * most), seconds)
        kept.append(statistics.mean(row["good"] for row in flood) / peak)
        odd += sum(row["rude"] + row["other"] + row["unsent"] for row in flood)
        print(f"{mix}: best {peak:.0f}/s with {connections} connections ({cost[0]:.0f} + {cost[1]:.0f} µs of CPU a good answer); offered {2 * most:.0f}/s "
              f"({dear[0]:.0f} + {dear[1]:.0f} µs): {shown(flood)}; kept {kept[-1]:.2f}", flush=True)
        most = max(most, median(flood, "good"))             # then it was not its best yet
    after = offer.run("open", int(peak / 2), RECOVERED_WITHIN)
    back = next((row["second"] for row in after if row["good"] >= 0.95 * row["sent"] and row["sent"]), None)
    print(f"{mix}: kept {statistics.median(kept):.2f} of the best; back after {back} s: {shown(after)}", flush=True)
    return statistics.median(kept) >= KEPT and back is not None and not odd


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mixes", nargs="*", default=["mixed"])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 3))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("OVERLOAD_SECONDS") or 5))
    parser.add_argument("--build", default=os.environ.get("BUILD") or "build")
    o = parser.parse_args()
    held = True
    for mix in o.mixes:
        with World(o.build, env={"CONNECTIONS_PER_ADDRESS": "2048"}) as world:
            orders.fill(world)
            for service in set(world.shop.instances) - {"orders"}:
                world.shop.stop(service)
            time.sleep(1)
            held &= overload(world, mix, o.rounds, o.seconds)
    sys.exit(0 if held else "it did not hold")


if __name__ == "__main__":
    main()
