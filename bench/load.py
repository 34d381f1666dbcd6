"""The load tools: wrk for HTTP, pgbench for PostgreSQL, each for some seconds against 127.0.0.1."""
import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PGBENCH = shutil.which("pgbench") or "/usr/lib/postgresql/15/bin/pgbench"


def compiled(environment, name, *flags):
    """Compile a C tool of this folder into the environment's folder; its path."""
    binary = environment.folder / name
    subprocess.run(["cc", "-O2", "-o", str(binary), str(HERE / f"{name}.c"), *flags], check=True)
    return binary


def wrk(url, connections, seconds, token=None, script=None, env=None, threads=1):
    """Responses per second, without refused ones (503)."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if script:
        command += ["-s", str(HERE / script)]
    done = subprocess.run([*command, url], env={**os.environ, **(env or {})}, text=True, capture_output=True,
                          timeout=seconds + 60)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    sent = re.search(r"(\d+) requests in", done.stdout)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    if done.returncode or not rate or not int(sent[1]):
        raise RuntimeError(f"wrk {url}: {done.stdout}{done.stderr}")
    return float(rate[1]) * (1 - int(refused[1] if refused else 0) / int(sent[1]))


def pgbench(url, clients, seconds, sql, cpu):
    """(transactions per second, CPU seconds of each process that cpu(pgbench's pid) names) of a script with prepared
    statements. The first second is not counted: it includes connecting and preparing."""
    command = [PGBENCH, "-n", "-M", "prepared", f"-c{clients}", "-j2", f"-T{seconds + 1}", "-P1", "-f", "/dev/stdin", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdin.write(sql)
        run.stdin.close()
        lines, ticks = [], []       # output; (seconds, rate, CPU) at each progress line
        for line in run.stderr:
            lines.append(line)
            tick = re.match(r"progress: ([\d.]+) s, ([\d.]+) tps", line)
            if tick:
                ticks.append((float(tick[1]), float(tick[2]), cpu(run.pid)))
        text = run.stdout.read()
    failed = re.search(r"number of failed transactions: (\d+)", text)
    if run.returncode or len(ticks) < 2 or (failed and failed[1] != "0"):
        raise RuntimeError(f"pgbench: {text}{''.join(lines)}")
    count = sum((now[0] - before[0]) * now[1] for before, now in zip(ticks, ticks[1:]))
    return count / (ticks[-1][0] - ticks[0][0]), [(b - a) / max(count, 1) for a, b in zip(ticks[0][2], ticks[-1][2])]


HEAD = ("| work | median (least – most) | CPU a request: service (or pgbench) + PostgreSQL | of this ceiling | wanted |\n"
        "| --- | --- | --- | --- | --- |")


class Row:
    """One row of the table: the work and its ceilings, measured in turn under the same conditions."""

    def __init__(self, name, unit="/s", wanted=""):
        self.name, self.unit, self.wanted = name, unit, wanted
        self.work, self.ceilings, self.costs, self.ceiling_costs, self.note = [], {}, [], {}, ""

    def measure(self, cpu, seconds, load):
        """One round of the work: load() returns its rate, cpu() the CPU seconds used so far."""
        spent, rate = costs(cpu, load)
        self.work.append(rate)
        self.costs.append([each / max(rate * seconds, 1) for each in spent])

    def ceiling(self, name, value, cost=None):
        self.ceilings.setdefault(name, []).append(value)
        if cost:
            self.ceiling_costs.setdefault(name, []).append(cost)

    def measure_pgbench(self, name, environment, service, seconds, sql):
        """16 clients of a service's database."""
        for _ in range(5):
            rate, cost = pgbench(environment.url(service), 16, seconds, sql, environment.cpu_of_load)
            if rate:        # zero means that the machine was busy otherwise: not a ceiling
                break
        self.ceiling(name, rate, cost)

    def ratio(self, name):
        """The median of the ratios of the rounds: a disturbance affects both parts of a round."""
        return statistics.median(mine / max(theirs, 1e-9) for mine, theirs in zip(self.work, self.ceilings[name]))

    def ratio_of_cpu(self, name):
        """The same by CPU cost, without the load tool: comparable on a shared machine."""
        theirs = self.ceiling_costs.get(name)
        return statistics.median(sum(b) / sum(a) for a, b in zip(self.costs, theirs)) if theirs else None

    def lines(self):
        """Rows under HEAD; for a duration the ratio is the ceiling's time over that of the work."""
        digits = 1 if self.unit == "ms" else 0
        if not self.work:
            return [f"| {self.name} | {self.note} | | | {self.wanted} |"]
        found = [f"| {self.name} | {spread(self.work, digits)} {self.unit} | {cost_of(self.costs)} | | {self.wanted} |"]
        for name, values in self.ceilings.items():
            ratio = 1 / self.ratio(name) if self.unit == "ms" else self.ratio(name)
            by_cpu = self.ratio_of_cpu(name)
            found.append(f"| – {name} | {spread(values, digits)} {self.unit} | {cost_of(self.ceiling_costs.get(name))} | "
                         f"{ratio:.2f} ×{f' ({by_cpu:.2f} × by CPU)' if by_cpu else ''} | |")
        return found


def cost_of(costs):
    if not costs:
        return ""
    return " + ".join(f"{statistics.median(each) * 1e6:.0f}" for each in zip(*costs)) + " µs"


def costs(cpu, load):
    """(CPU seconds of each process that cpu() names, what load() returned)"""
    before = cpu()
    returned = load()
    return [b - a for a, b in zip(before, cpu())], returned


def spread(values, digits=0):
    """median (least – most)"""
    shown = [f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} ({shown[1]} – {shown[2]})"
