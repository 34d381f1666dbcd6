#!/usr/bin/python3
"""The layers of common/ and of each service: a folder of common/ includes itself and the folders listed for it, nothing else; an
area of a service includes areas below it only; no two files include each other in a circle; header names are unique; no two
services define the same global symbol.

    check_layers.py [BUILD]

BUILD is a build folder: its service libraries are read with nm for the last check. The order of a service's areas is that of
services/<service>/<service>_areas.h, lowest first.
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
CONTENTS_LINES = 250


def includes(path):
    return re.findall(r'^#include "([^"]+)"', path.read_text(), re.M)


class Tree:
    """The folders of common/ or of one service, and where each of their headers is."""

    def __init__(self, folder, pattern="*/*"):
        self.sources = sorted([*folder.glob(f"{pattern}.c"), *folder.glob(f"{pattern}.h")])
        self.headers, self.faults = {}, []
        for path in self.sources:
            if path.suffix == ".h":
                self.add(path.name, path)
        for path in sorted(folder.glob(f"{pattern}.sql")):      # tools/sqlgen.py makes a header of each
            if path.parent.name != "migrations":
                self.add(path.stem + "_queries.h", path)

    def add(self, name, path):
        if name in self.headers:
            self.faults.append(f"{path}: {self.headers[name]} makes a header of the same name")
        self.headers[name] = path

    def included(self, path):
        """(name, file) of each header of this tree that a file includes."""
        return [(name, self.headers[name]) for name in includes(path) if name in self.headers]


def upward(common):
    for path in common.sources:
        folder = path.parent.name
        if folder not in MAY_USE:
            yield f"{path}: the folder {folder} is not in the table of tools/check_layers.py"
            continue
        for name, target in common.included(path):
            if target.parent.name not in [folder, *MAY_USE[folder].split()]:
                yield f"{path}: includes {target.parent.name}/{name}, but {folder} may use only: {MAY_USE[folder] or 'nothing'}"


def areas(root, service, tree, common):
    """The areas of a service include downwards only; their headers' names are not those of common/."""
    declared = root / "services" / service / f"{service}_areas.h"
    order = re.findall(rf"\b{service}_(\w+)\b", declared.read_text().partition("extern")[2])
    for name in tree.headers.keys() & common.headers.keys():
        yield f"{tree.headers[name]}: {common.headers[name]} makes a header of the same name"
    for path in tree.sources:
        area = path.parent.name
        if area not in order:
            yield f"{path}: the area {area} is not declared in {declared.name}"
            continue
        if path.stem == area and len(path.read_text().splitlines()) > CONTENTS_LINES:
            yield f"{path}: a table of contents has at most {CONTENTS_LINES} lines"
        for name, target in tree.included(path):
            if order.index(target.parent.name) > order.index(area):
                yield f"{path}: includes {target.parent.name}/{name}, but that area is above {area} in {declared.name}"


def circles(tree):
    """Of modules: a .c and the .h of its name are one."""
    uses = collections.defaultdict(set)
    for path in tree.sources:
        for _, target in tree.included(path):
            if target.suffix == ".h" and target.stem != path.stem:
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
    common = Tree(root / "common")
    faults = [*common.faults, *upward(common), *circles(common)]
    for service in SERVICES:
        tree = Tree(root / "services" / service)
        faults += [*tree.faults, *areas(root, service, tree, common), *circles(tree)]
    if len(sys.argv) > 1:
        faults += shared_symbols(Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
