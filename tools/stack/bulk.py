"""Hand a file of rows in, watch it, fetch what was refused. See docs/imports.md."""
import http.client
import json
import time

PART = 256 * 1024
PASSING = (429, 502, 503, 504)      # answers that invite to ask again


def ask(client, method, path, patience=60, key=True, **more):
    """One request, sent again while the service is away; what is sent twice counts once."""
    end = time.monotonic() + patience
    while True:
        try:
            answer = client.request(method, path, key=key, **more)
            if answer.status not in PASSING or time.monotonic() > end:
                return answer
        except (OSError, http.client.HTTPException):
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def ndjson(rows):
    """Rows as the pieces of a file."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parts_of(pieces, size=PART):
    """Bytes in parts of one size, cut anywhere, whatever pieces they come in."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def hand_in(client, kind, pieces, format="ndjson", policy="reject_rows", dry_run=False, role=None, key=True, size=PART):
    """Open an import, hand in its file in parts and start it: the import, running."""
    who = {"role": role} if role else {}
    opened = ask(client, "POST", "/v1/imports", key=key, **who,
                 json={"kind": kind, "format": format, "policy": policy, "dry_run": dry_run}).expect(201)
    path, count = f"/v1/imports/{opened['id']}", 0
    for count, part in enumerate(parts_of(pieces, size), 1):
        ask(client, "PUT", f"{path}/parts/{count}", body=part, headers={"Content-Type": "application/octet-stream"},
            **who).expect(200)
    return ask(client, "POST", f"{path}/start", json={"parts": count}, **who).expect(200)


def watch(client, job, tell=None, patience=600):
    """Until it is over; tell(job) at every look."""
    end = time.monotonic() + patience
    while True:
        job = ask(client, "GET", f"/v1/imports/{job['id']}").expect(200)
        if tell:
            tell(job)
        if job["status"] not in ("open", "running"):
            return job
        assert time.monotonic() < end, f"import {job['id']} is still {job['status']} after {patience} s: {job}"
        time.sleep(0.1)


def refused(client, job, format="ndjson"):
    """The file of refused rows, page by page put together."""
    whole, after = b"", 0
    while True:
        answer = ask(client, "GET", f"/v1/imports/{job['id']}/refused", params={"format": format, "after": after})
        if answer.status != 200:
            answer.expect(200)
        whole += answer.body
        after = answer.headers.get("Next-After")
        if after is None:
            return whole


def refused_rows(client, job):
    return [json.loads(line) for line in refused(client, job).splitlines()]
