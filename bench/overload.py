#!/usr/bin/python3
"""make overload: a service under twice its maximum load (R-79).

The maximum rate is measured first (mixed reads and orders in a closed loop); then requests arrive at twice that rate in an open
loop, in turn for ROUNDS; then at half of it for ten seconds. The service must shed load with 503 and Retry-After, keep 80 % of
its maximum, and recover within ten seconds. Ratios are compared because the machine may be busy otherwise; the load generator
and PostgreSQL share it.
"""
import argparse
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from environment import Environment  # noqa: E402 (also sets the path)
import orders                       # noqa: E402
from open_loop import MIXES, OpenLoop       # noqa: E402

KEPT, RECOVERED_WITHIN = 0.8, 10


def median(rows, name):
    return statistics.median(row[name] for row in rows)


def shown(rows):
    return (f"good {median(rows, 'good'):.0f}/s (p50 {median(rows, 'good_p50'):.0f} ms, p99 {median(rows, 'good_p99'):.0f} ms), "
            f"503 {median(rows, 'refused'):.0f}/s (p50 {median(rows, 'refused_p50'):.0f} ms, p99 {median(rows, 'refused_p99'):.0f} ms), late "
            f"{median(rows, 'late'):.0f}/s, unsent {median(rows, 'unsent'):.0f}/s, other {sum(row['other'] for row in rows):.0f}")


def measured(environment, load, *how):
    """The rows of a run, and the CPU of service and PostgreSQL for each good response, in µs."""
    before = environment.cpu("orders")
    rows = load.run(*how)
    good = max(1, sum(row["good"] for row in rows))
    return rows[1:] if len(rows) > 1 else rows, [(b - a) / good * 1e6 for a, b in zip(before, environment.cpu("orders"))]


def overload(environment, mix, rounds, seconds):
    """Maximum load and overload in turn, under the same conditions."""
    load = OpenLoop(environment, MIXES[mix])
    load.run("closed", 16, 2)
    most, connections = max((median(load.run("closed", many, 2), "good"), many) for many in (16, 32, 64))
    kept, unexpected = [], 0
    for _ in range(rounds):
        closed, cost = measured(environment, load, "closed", connections, seconds)
        peak = median(closed, "good")
        most = max(most, peak)
        overloaded, overload_cost = measured(environment, load, "open", int(2 * most), seconds)
        kept.append(statistics.mean(row["good"] for row in overloaded) / peak)
        unexpected += sum(row["no_retry_after"] + row["other"] + row["unsent"] for row in overloaded)
        print(f"{mix}: maximum {peak:.0f}/s with {connections} connections ({cost[0]:.0f} + {cost[1]:.0f} µs of CPU a good response); offered {2 * most:.0f}/s "
              f"({overload_cost[0]:.0f} + {overload_cost[1]:.0f} µs): {shown(overloaded)}; kept {kept[-1]:.2f}", flush=True)
        most = max(most, median(overloaded, "good"))             # then this is the maximum
    after = load.run("open", int(peak / 2), RECOVERED_WITHIN)
    back = next((row["second"] for row in after if row["good"] >= 0.95 * row["sent"] and row["sent"]), None)
    print(f"{mix}: kept {statistics.median(kept):.2f} of the maximum; recovered after {back} s: {shown(after)}", flush=True)
    return statistics.median(kept) >= KEPT and back is not None and not unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mixes", nargs="*", default=["mixed"])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 3))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("OVERLOAD_SECONDS") or 5))
    parser.add_argument("--build", default=os.environ.get("BUILD") or "build")
    o = parser.parse_args()
    held = True
    for mix in o.mixes:
        with Environment(o.build, env={"CONNECTIONS_PER_ADDRESS": "2048"}) as environment:
            orders.fill(environment)
            for service in set(environment.shop.instances) - {"orders"}:
                environment.shop.stop(service)
            time.sleep(1)
            held &= overload(environment, mix, o.rounds, o.seconds)
    sys.exit(0 if held else "the service did not keep its floors under overload")


if __name__ == "__main__":
    main()
