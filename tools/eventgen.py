#!/usr/bin/python3
"""Compile the event schemas of a service into its binary.

    eventgen.py PREFIX OUT_DIR EVENT.json...

Writes OUT_DIR/PREFIX_events.h and PREFIX_events.c: a list of JSON texts that ends with NULL. Each file is named after
its aggregate and has the members title, events {verb: what happened}, data and, if there is personal data, private
(both JSON Schema 2020-12), and subject, if the second word of its events is not the aggregate's name. Another member,
or two files of one aggregate, fail the build.
"""
import collections
import json
import os
import sys

REQUIRED = {"title", "events", "data"}
OPTIONAL = {"subject", "private"}


def read(file):
    try:
        with open(file) as text:
            schema = json.load(text)
    except ValueError as fault:
        sys.exit(f"eventgen: {file}: {fault}")
    if not REQUIRED <= set(schema) <= REQUIRED | OPTIONAL:
        sys.exit(f"eventgen: {file}: required members: {', '.join(sorted(REQUIRED))}; optional: {', '.join(sorted(OPTIONAL))}")
    return {"aggregate": os.path.basename(file).removesuffix(".json"), **schema}


def c_string(text, width=110):
    parts = [text[at:at + width] for at in range(0, len(text), width)]
    return "\n        ".join(json.dumps(part, ensure_ascii=True) for part in parts)


def main():
    prefix, out, *files = sys.argv[1:]
    schemas = [read(file) for file in sorted(files)]
    for aggregate, count in collections.Counter(schema["aggregate"] for schema in schemas).items():
        if count > 1:
            sys.exit(f"eventgen: {prefix}: two files of the aggregate {aggregate}")
    texts = [json.dumps(schema, separators=(",", ":")) for schema in schemas]
    with open(f"{out}/{prefix}_events.h", "w") as head:
        head.write(f"#pragma once\nextern const char *const {prefix}_events[];\n")
    with open(f"{out}/{prefix}_events.c", "w") as code:
        code.write(f'#include "{prefix}_events.h"\n\nconst char *const {prefix}_events[] = {{\n')
        code.writelines(f"    {c_string(text)},\n" for text in texts)
        code.write("    0};\n")


main()
