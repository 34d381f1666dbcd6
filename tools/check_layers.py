#!/usr/bin/python3
"""The layers of common/: a folder includes itself and the folders listed for it, nothing else; no two files include each other
in a circle; no two services define the same global symbol.

    check_layers.py [BUILD]

BUILD is a build folder: its service libraries are read with nm for the last check.
"""
import collections
import re
import subprocess
import sys
from pathlib import Path

# A folder → the folders below it that it may use. docs/explanation/architecture.md draws this.
MAY_USE = {
    "base": "",
    "work": "base",
    "sql": "base work",
    "model": "base work",
    "event": "base work sql model",
    "time": "base work sql",
    "http": "base work model",
    "nats": "base",
    "resource": "base work sql model event http",
    "relay": "base work sql event nats",
    "consume": "base work sql event nats",
    "import": "base work sql model event http resource",
    "api": "base work sql model event time http nats resource relay consume import",
    "service": "base work sql model event time http nats resource relay consume import api",
}
SERVICES = "catalog orders fulfillment support analytics".split()


def headers(root):
    """Where each header stands: its name is unique."""
    found = {}
    for path in sorted(root.glob("common/*/*.h")):
        if path.name in found:
            yield f"{path}: {found[path.name]} has the same name"
        found[path.name] = path
    for path in sorted(root.glob("common/*/*.sql")):  # tools/sqlgen.py makes a header of each
        found[path.stem + "_queries.h"] = path
    headers.found = found


def includes(path):
    return re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)


def upward(root):
    for path in sorted(root.glob("common/*/*.[ch]")):
        folder = path.parent.name
        if folder not in MAY_USE:
            yield f"{path}: the folder {folder} is not in the table of tools/check_layers.py"
            continue
        for name in includes(path):
            target = headers.found.get(name)
            if target and target.parent.name != folder and target.parent.name not in MAY_USE[folder].split():
                yield f"{path}: includes {target.parent.name}/{name}, but {folder} may use only: {MAY_USE[folder] or 'nothing'}"


def circles(root):
    """Of modules: a .c and the .h of its name are one."""
    uses = collections.defaultdict(set)
    for path in sorted(root.glob("common/*/*.[ch]")):
        for name in includes(path):
            target = headers.found.get(name)
            if target and target.suffix == ".h" and target.stem != path.stem:
                uses[path.stem].add(target.stem)
    done, under_way = set(), []

    def visit(module):
        if module in under_way:
            yield "a circle: " + " → ".join(under_way[under_way.index(module):] + [module])
        elif module not in done:
            under_way.append(module)
            for other in sorted(uses[module]):
                yield from visit(other)
            under_way.pop()
            done.add(module)

    for module in sorted(uses):
        yield from visit(module)


def shared_symbols(build):
    """main() is outside of the libraries; roles.c is compiled into each."""
    owners = collections.defaultdict(list)
    for service in SERVICES:
        listing = subprocess.run(["nm", "--defined-only", "--extern-only", build / f"lib{service}.a"], check=True,
                                 capture_output=True, text=True).stdout
        for symbol in set(re.findall(r"^[0-9a-f]+ [A-Z] (\w+)$", listing, re.M)) - {"roles"}:
            if not symbol.startswith("__odr_asan"):
                owners[symbol].append(service)
    return [f"{symbol} is a global symbol of {' and '.join(names)}" for symbol, names in sorted(owners.items()) if len(names) > 1]


def main():
    root = Path(__file__).resolve().parent.parent
    faults = [*headers(root), *upward(root), *circles(root)]
    if len(sys.argv) > 1:
        faults += shared_symbols(Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
