#!/usr/bin/python3
"""make bench: measure each work against its ceiling and write the table into docs/explanation/performance.md.

    bench/run.py [memory reads orders reservations events imports figures] [--rounds N] [--seconds N]

Imports need DATA, a shop's file of invoice lines; figures are measured on FIGURES_LINES order lines (10 million: 6 GB, three
minutes).
"""
import argparse
import os
import platform
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from environment import ROOT, Environment  # noqa: E402 (also sets the path)
import events                       # noqa: E402
import figures                      # noqa: E402
import imports                      # noqa: E402
import orders                       # noqa: E402
import reads                        # noqa: E402
import memory                     # noqa: E402
from load import HEAD               # noqa: E402

PAGE = ROOT / "docs" / "explanation" / "performance.md"
BEGIN, END = "<!-- table: written by make bench -->\n", "<!-- end of table -->\n"
PARTS = ("memory", "reads", "orders", "reservations", "events", "imports", "figures")


def part(environment, name, o):
    """The rows of one part, in its own environment."""
    if name == "reads":
        reads.fill(environment)
        return reads.measure(environment, o.rounds, o.seconds)
    if name == "memory":
        time.sleep(3)
        rows = memory.memory(environment, "idle") + memory.start(environment, o.rounds)
        reads.fill(environment)
        orders.fill(environment)
        reads.measure(environment, 1, o.seconds)
        orders.place(environment, o.seconds, connections=256)
        return rows + memory.memory(environment, "after 256 connections reading and ordering")
    if name == "imports":
        return imports.measure(environment, o.rounds, os.environ.get("DATA"))
    if name == "figures":
        return figures.rows(environment, int(os.environ.get("FIGURES_LINES") or 10_000_000), o.rounds)
    orders.fill(environment)
    if name == "orders":
        for service in set(environment.shop.instances) - {"orders"}:
            environment.shop.stop(service)
        return orders.measure(environment, o.rounds, o.seconds)
    if name == "reservations":
        return orders.reservations(environment, o.rounds, o.seconds)
    return events.lag(environment, 5 * o.seconds) + events.workflow(environment, 20) + events.relay(environment, o.rounds) + events.consumers(environment, o.rounds)


def write(table, o):
    where = f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"
    load = f"{min(o.loads):.0f} to {max(o.loads):.0f}"
    head = (f"{time.strftime('%Y-%m-%d')}, {where}; {o.rounds} rounds of {o.seconds} s, work and ceilings in turn. "
            f"Load average of the machine meanwhile: {load}.\n\n"
            + HEAD + "\n")
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + head + "\n".join(table) + "\n\n" + END + rest.split(END)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 5))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("ROUND_SECONDS") or 3))
    parser.add_argument("--build", default=os.environ.get("BUILD") or "build")
    o = parser.parse_args()
    table, o.loads = [], [os.getloadavg()[0]]
    for name in o.parts or PARTS:
        with Environment(o.build, **(figures.ENVIRONMENT if name == "figures" else {})) as environment:
            for row in part(environment, name, o):
                table += row.lines()
                o.loads.append(os.getloadavg()[0])
                print("\n".join(row.lines()), flush=True)
    if not o.parts:
        write(table, o)


if __name__ == "__main__":
    main()
