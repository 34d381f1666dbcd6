"""The load tools: wrk for HTTP, pgbench for PostgreSQL, each for some seconds against 127.0.0.1."""
import os
import re
import shutil
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PGBENCH = shutil.which("pgbench") or "/usr/lib/postgresql/15/bin/pgbench"


def wrk(url, connections, seconds, token=None, script=None, env=None, threads=1):
    """Answers a second; what a loaded machine refused (503) does not count."""
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


def pgbench(url, clients, seconds, sql, threads=2, **variables):
    """Transactions a second of a script (its text), with prepared statements."""
    command = [PGBENCH, "-n", "-M", "prepared", f"-c{clients}", f"-j{threads}", f"-T{seconds}", "-f", "-"]
    for name, value in variables.items():
        command += ["-D", f"{name}={value}"]
    command[command.index("-f") + 1] = "/dev/stdin"
    done = subprocess.run([*command, url], input=sql, text=True, capture_output=True, timeout=seconds + 60)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode or not rate or (failed and failed[1] != "0"):
        raise RuntimeError(f"pgbench: {done.stdout}{done.stderr}")
    return float(rate[1])


class Row:
    """One line of the table: the work and its ceilings, measured in turn, so that all have the same weather."""

    def __init__(self, name, unit="/s", wanted=""):
        self.name, self.unit, self.wanted = name, unit, wanted
        self.work, self.ceilings, self.costs, self.ceiling_costs = [], {}, [], {}

    def measure(self, cpu, seconds, load):
        """A round of the work: load() gives its rate, cpu() the seconds used so far."""
        rate, cost = costing(cpu, seconds, load)
        self.work.append(rate)
        self.costs.append(cost)

    def ceiling(self, name, value):
        self.ceilings.setdefault(name, []).append(value)

    def measure_ceiling(self, name, cpu, seconds, load):
        rate, cost = costing(cpu, seconds, load)
        self.ceiling(name, rate)
        self.ceiling_costs.setdefault(name, []).append(cost)

    def ratio(self, name):
        """The median of the rounds' own ratios: what disturbs a round disturbs both of its parts."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.work, self.ceilings[name]))

    def ratio_of_cpu(self, name):
        """The same by what both cost in CPU, the load tool of the work left out: what holds on a machine that others use."""
        theirs = self.ceiling_costs.get(name)
        return statistics.median(sum(b) / sum(a) for a, b in zip(self.costs, theirs)) if theirs else None


def costing(cpu, seconds, load):
    """(rate, CPU seconds of each by one piece of work)"""
    before = cpu()
    rate = load()
    return rate, [(b - a) / (rate * seconds) for a, b in zip(before, cpu())]


def spread(values, digits=0):
    """median (least – most)"""
    shown = [f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} ({shown[1]} – {shown[2]})"
