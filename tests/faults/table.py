"""The table faults × invariants.

Every run adds a line to .test/faults.jsonl; .test/faults.md is made of all lines after each session, or by
`/usr/bin/python3 tests/faults/table.py`. `make faults` begins with an empty file.
"""
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".test"
LINES, PAGE = FOLDER / "faults.jsonl", FOLDER / "faults.md"


class Table:
    def __init__(self, seed):
        self.seed = seed

    def add(self, fault, verdicts, traffic):
        """verdicts: {"I1": what is wrong, or None}"""
        line = {"fault": fault, "seed": self.seed, "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
                "wrong": {name: (what or "")[:500] for name, what in verdicts.items()}, "operations": traffic.counts()}
        with open(LINES, "a") as file:
            file.write(json.dumps(line) + "\n")

    def close(self):
        if LINES.exists():
            PAGE.write_text(page())
            print("\n" + PAGE.read_text())


def page():
    from invariants import MEANING
    rows, operations, seeds = defaultdict(lambda: {name: [0, 0] for name in MEANING}), Counter(), set()
    for line in map(json.loads, LINES.read_text().splitlines()):
        seeds.add(line["seed"])
        operations.update(line["operations"])
        for name, wrong in line["wrong"].items():
            rows[line["fault"]][name][bool(wrong)] += 1
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(operations.items()))
    lines = [f"{sum(sum(cells['I1']) for cells in rows.values())} runs, seeds {', '.join(map(str, sorted(seeds)))}. "
             f"Responses: {outcomes}.",
             "A cell is the number of checks of the invariant after the fault; ✗n: it did not hold n times.", "",
             "| fault | " + " | ".join(MEANING) + " |", "| --- |" + " ---: |" * len(MEANING)]
    lines += [f"| {fault.replace('_', ' ')} | " + " | ".join(cell(*cells[name]) for name in MEANING) + " |"
              for fault, cells in sorted(rows.items())]
    return "\n".join([*lines, "", *(f"* **{name}** {meaning}" for name, meaning in MEANING.items())]) + "\n"


def cell(held, broken):
    return f"{held + broken}" + (f" ✗{broken}" if broken else "")


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools"), str(HERE.parent / "harness")]
    PAGE.write_text(page())
    print(PAGE.read_text())
