#!/usr/bin/python3
"""Memory of an import: the peak of catalog for files of 1, 20 and 200 MB.

    bench/import_memory.py [MEGABYTES…]

Rows of 18 kB each (products with long descriptions), in parts of 256 KiB, read and validated as a dry run. Each file
is imported into a service that has just started.
"""
import sys
import time

from environment import Environment  # noqa: E402 (also sets the path)
from stack import bulk_import


def rows(megabytes):
    text = "A product as our staff describes it, at great length. " * 240
    for n in range(megabytes * 1_000_000 // len(text)):
        yield {"title": f"Product {n}", "description": text[:18000], "category": "bench", "status": "published", "channels": ["web"],
               "variants": [{"sku": f"SIZE-{megabytes}-{n}", "price": 450, "currency": "GBP"}]}


def main():
    sizes = [int(each) for each in sys.argv[1:]] or [1, 20, 200]
    print("| file | rows | seconds | at the start, MiB | the most, MiB |\n| --- | --- | --- | --- | --- |", flush=True)
    for megabytes in sizes:
        with Environment(services=("catalog",)) as environment:
            time.sleep(2)
            before = environment.memory("catalog") / 1024
            began = time.monotonic()
            job = bulk_import.hand_in(environment.shop.catalog, "products", bulk_import.ndjson(rows(megabytes)), dry_run=True)
            job = bulk_import.watch(environment.shop.catalog, job, patience=3600)
            assert job["status"] == "done" and not job["rows"]["refused"], job
            print(f"| {job['bytes'] / 1e6:.0f} MB | {job['rows']['read']:,} | {time.monotonic() - began:.0f} | {before:.1f} "
                  f"| {environment.memory('catalog', 'VmHWM') / 1024:.1f} |", flush=True)


if __name__ == "__main__":
    main()
