"""What was broken how often, and which invariants held: .test/faults.json and .test/faults.md."""
import json
import time
from collections import defaultdict
from pathlib import Path

from invariants import MEANING

ROOT = Path(__file__).resolve().parents[2]


class Table:
    def __init__(self, run_folder):
        self.folder = Path(run_folder)
        self.rows = defaultdict(lambda: {name: [0, 0] for name in MEANING})
        self.operations = defaultdict(int)
        self.began = time.time()

    def add(self, fault, results, traffic):
        """results: {"I1": fault or None}"""
        for name, wrong in results.items():
            self.rows[fault][name][bool(wrong)] += 1
        for outcome, count in traffic.counts().items():
            self.operations[outcome] += count

    def write(self, seed):
        if not self.rows:
            return
        lines = [f"# Faults × invariants, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC", "",
                 f"Seed {seed}; {time.time() - self.began:.0f} s; operations: " +
                 ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(self.operations.items())) + ".",
                 "A cell says how often the invariant was checked after the fault, and with ✗ how often it did not hold.", "",
                 "| fault | " + " | ".join(MEANING) + " |", "| --- |" + " ---: |" * len(MEANING)]
        for fault, cells in self.rows.items():
            lines.append(f"| {fault} | " + " | ".join(cell(*cells[name]) for name in MEANING) + " |")
        lines += ["", *(f"* **{name}** {meaning}" for name, meaning in MEANING.items()), ""]
        text = "\n".join(lines)
        (ROOT / ".test" / "faults.md").write_text(text)
        (ROOT / ".test" / "faults.json").write_text(json.dumps({"seed": seed, "faults": self.rows,
                                                                 "operations": self.operations}))
        print("\n" + text)


def cell(held, broken):
    if not held + broken:
        return "–"
    return f"{held + broken}" + (f" ✗{broken}" if broken else "")
