#!/usr/bin/python3
"""make bench: measures each work beside its ceiling and writes the table into docs/performance.md.

    bench/run.py [memory reads orders reservations events imports figures] [--rounds N] [--seconds N]

Imports are those of DATA, a shop's file of invoice lines; figures are made of FIGURES_LINES order lines (10 million: 6 GB, three minutes).
"""
import argparse
import os
import platform
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import world  # noqa: F401, E402 (sets the path)
import events                       # noqa: E402
import figures                      # noqa: E402
import imports                      # noqa: E402
import orders                       # noqa: E402
import reads                        # noqa: E402
import resident                     # noqa: E402
from load import HEAD               # noqa: E402
from world import ROOT, World       # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table: written by make bench -->\n", "<!-- end of table -->\n"
PARTS = ("memory", "reads", "orders", "reservations", "events", "imports", "figures")


def part(world, name, o):
    """The rows of one part, each in a shop of its own."""
    if name == "reads":
        reads.fill(world)
        return reads.measure(world, o.rounds, o.seconds)
    if name == "memory":
        time.sleep(3)
        rows = resident.memory(world, "idle") + resident.start(world, o.rounds)
        reads.fill(world)
        orders.fill(world)
        reads.measure(world, 1, o.seconds)
        orders.place(world, o.seconds, connections=256)
        return rows + resident.memory(world, "after 256 connections reading and ordering")
    if name == "imports":
        return imports.measure(world, o.rounds, os.environ.get("DATA"))
    if name == "figures":
        return figures.rows(world, int(os.environ.get("FIGURES_LINES") or 10_000_000), o.rounds)
    orders.fill(world)
    if name == "orders":
        for service in set(world.shop.instances) - {"orders"}:
            world.shop.stop(service)
        return orders.measure(world, o.rounds, o.seconds)
    if name == "reservations":
        return orders.reservations(world, o.rounds, o.seconds)
    return events.lag(world, 5 * o.seconds) + events.road(world, 20) + events.relay(world, o.rounds) + events.consumers(world, o.rounds)


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
        with World(o.build, **(figures.WORLD if name == "figures" else {})) as world:
            for row in part(world, name, o):
                table += row.lines()
                o.loads.append(os.getloadavg()[0])
                print("\n".join(row.lines()), flush=True)
    if not o.parts:
        write(table, o)


if __name__ == "__main__":
    main()
