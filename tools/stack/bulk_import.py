"""Submit an import, watch it, fetch the refused rows. See docs/how-to/import-history.md."""
import json
import time

from .client import eventually

PART = 256 * 1024
PATIENCE = 60           # seconds to retry: a part sent twice counts once


def ndjson(rows):
    """The lines of a file, one for each row."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parts_of(pieces, size=PART):
    """The bytes of all pieces in parts of one size."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def hand_in(client, kind, pieces, format="ndjson", policy="reject_rows", dry_run=False, role=None, key=True, size=PART):
    """Create an import, upload its file in parts and start it; the running import."""
    who = {"role": role} if role else {}
    opened = client.post("/v1/imports", {"kind": kind, "format": format, "policy": policy, "dry_run": dry_run}, key=key,
                         patience=PATIENCE, **who).expect(201)
    path, count = f"/v1/imports/{opened['id']}", 0
    for count, part in enumerate(parts_of(pieces, size), 1):
        client.put(f"{path}/parts/{count}", body=part, headers={"Content-Type": "application/octet-stream"},
                   patience=PATIENCE, **who).expect(200)
    return client.post(f"{path}/start", json={"parts": count}, patience=PATIENCE, **who).expect(200)


def watch(client, job, on_progress=None, patience=600):
    """The import, once it has ended; on_progress(job) is called after every poll."""
    end = time.monotonic() + patience
    while True:
        job = client.get(f"/v1/imports/{job['id']}", patience=PATIENCE).expect(200)
        if on_progress:
            on_progress(job)
        if job["status"] not in ("open", "running"):
            return job
        assert time.monotonic() < end, f"import {job['id']} is still {job['status']} after {patience} s: {job}"
        time.sleep(0.1)


def refused(client, job, format="ndjson"):
    """The whole file of refused rows."""
    whole, after = b"", 0
    while True:
        answer = client.get(f"/v1/imports/{job['id']}/refused", params={"format": format, "after": after},
                            patience=PATIENCE)
        if answer.status != 200:
            answer.expect(200)
        whole += answer.body
        after = answer.headers.get("Next-After")
        if after is None:
            return whole


def refused_rows(client, job):
    return [json.loads(line) for line in refused(client, job).splitlines()]


def wait_for_prices(orders, count):
    """Wait until orders knows this many prices from catalog's events."""
    eventually(lambda: sum(1 for _ in orders.all("/v1/prices")) >= count, 300, pause=0.2)
