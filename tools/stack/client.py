"""An HTTP client for the services: one kept-alive connection a thread, JSON in and out, tokens, keys."""
import http.client
import json
import socket
import threading
import time
import urllib.parse
import uuid


RETRYABLE = (429, 502, 503, 504)    # statuses after which a request may be sent again


class Refused(Exception):
    """An answer with another status than expected; the text has the answer's body."""

    def __init__(self, method, path, answer, wanted):
        self.answer = answer
        super().__init__(f"{method} {path}: {answer.status} instead of {wanted}: {answer.text[:2000]}")


class Answer:
    def __init__(self, status, headers, body, method, path):
        self.status = status
        self.headers = headers          # http.client's message: case-insensitive, repeated ones by get_all()
        self.body = body
        self.method = method
        self.path = path

    @property
    def text(self):
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def code(self):
        """The dotted code of a problem, or None."""
        if not self.headers.get("Content-Type", "").startswith("application/problem+json"):
            return None
        return self.json.get("code")

    @property
    def codes(self):
        """The codes of all errors in a problem."""
        return sorted(error.get("code", "") for error in (self.json or {}).get("errors", []))

    @property
    def pointers(self):
        return sorted(error.get("pointer", "") for error in (self.json or {}).get("errors", []))

    def expect(self, *statuses):
        """The JSON of the answer, if it has one of these statuses."""
        if self.status not in statuses:
            raise Refused(self.method, self.path, self, " or ".join(map(str, statuses)))
        return self.json

    def __repr__(self):
        return f"<{self.method} {self.path} {self.status} {self.text[:500]}>"


class Client:
    """A client of one service, through one or several (host, port) addresses in turn.

    token(role, sub) returns the bearer token; a call may give another role and sub than the defaults here.
    """

    def __init__(self, addresses, token=None, role="admin", sub="ann", prefix="", timeout=30, inspect=None, patience=0):
        self.addresses = list(addresses)
        self.token = token
        self.role = role
        self.sub = sub
        self.prefix = prefix
        self.timeout = timeout
        self.inspect = inspect          # called with every answer; raises when it breaks a common rule
        self.patience = patience        # seconds to retry, with the same key, while the service is unavailable
        self._local = threading.local()
        self._turn = 0

    def as_(self, role, sub=None):
        """The same client with another role and subject."""
        other = Client(self.addresses, self.token, role, sub or self.sub, self.prefix, self.timeout, self.inspect,
                       self.patience)
        other.addresses = self.addresses            # shared, so that restarts on other ports are seen
        return other

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.request("POST", path, json={} if json is None else json, **options)

    def put(self, path, json=None, **options):
        return self.request("PUT", path, json={} if json is None else json, **options)

    def patch(self, path, json=None, **options):
        return self.request("PATCH", path, json={} if json is None else json, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def request(self, method, path, json=None, body=None, headers=None, params=None, role=None, sub=None,
                token=None, key=True, instance=None, timeout=None, retries=1, patience=None):
        """One request, one Answer.

        body: raw bytes in place of json. headers: added; None as a value leaves a header out. params: the query.
        key: True makes an Idempotency-Key for POST, a string is used, None or False sends none.
        token: a ready token, "" for none. instance: send to this one only.
        retries: how often a request is sent again when a kept-alive connection turns out to be closed;
        patience: seconds to retry while the service is unavailable or busy, in place of the client's own.
        Both only for what can be repeated safely (reads, and requests with a key).
        """
        if params:
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(params, doseq=True)
        sent = {"Accept": "application/json"}
        if json is not None and body is None:
            body = dumps(json)
        if body is not None:
            sent["Content-Type"] = "application/json"
        if key and method == "POST":
            sent["Idempotency-Key"] = key if isinstance(key, str) else str(uuid.uuid4())
        if token is None and self.token:
            token = self.token(role or self.role, sub or self.sub)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        safe = method in ("GET", "HEAD", "PUT", "DELETE") or "Idempotency-Key" in sent
        answer = self._ask(method, self.prefix + path, body, sent, instance, timeout,
                           retries * len(self.addresses) if safe else 0,         # each instance may have closed its connection
                           0 if not safe else self.patience if patience is None else patience)
        if self.inspect:
            self.inspect(answer)
        return answer

    def _ask(self, *request_and_patience):
        *request, patience = request_and_patience
        end = time.monotonic() + patience
        while True:
            try:
                answer = self._send(*request)
                if answer.status not in RETRYABLE or time.monotonic() > end:
                    return answer
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            time.sleep(0.2)

    def _send(self, method, path, body, headers, instance, timeout, retries):
        while True:
            address = self._address(instance)
            connection, fresh = self._connection(address, timeout or self.timeout)
            try:
                connection.request(method, path, body, headers)
                got = connection.getresponse()
                answer = Answer(got.status, got.headers, got.read(), method, path)
                if got.will_close:
                    self._drop(address)
                return answer
            except TimeoutError:
                self._drop(address)
                raise
            except (OSError, http.client.HTTPException):
                self._drop(address)
                if fresh or retries <= 0:
                    raise
                retries -= 1

    def _address(self, instance):
        if instance is not None:
            return self.addresses[instance]
        self._turn += 1
        return self.addresses[self._turn % len(self.addresses)]

    def _connection(self, address, timeout):
        """(connection, whether it is new)"""
        kept = self._local.__dict__.setdefault("connections", {})
        connection = kept.get(address)
        if connection is not None:
            connection.sock.settimeout(timeout)
            return connection, False
        connection = http.client.HTTPConnection(*address, timeout=timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kept[address] = connection
        return connection, True

    def _drop(self, address):
        connection = self._local.__dict__.setdefault("connections", {}).pop(address, None)
        if connection:
            connection.close()

    def all(self, path, limit=250, **options):
        """Every item of a list, page after page."""
        params = dict(options.pop("params", None) or {}, limit=limit)
        while True:
            page = self.get(path, params=params, **options).expect(200)
            yield from page["data"]
            if not page.get("next_cursor"):
                return
            params = {**params, "cursor": page["next_cursor"]}

    def stream(self, path, headers=None, role=None, sub=None, timeout=30):
        """Server-sent events, as dicts of their fields, until the caller stops or the timeout passes without one."""
        sent = {"Accept": "text/event-stream", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token(role or self.role, sub or self.sub)}"
        connection = http.client.HTTPConnection(*self._address(None), timeout=timeout)
        try:
            connection.request("GET", self.prefix + path, headers=sent)
            got = connection.getresponse()
            if got.status != 200:
                raise Refused("GET", path, Answer(got.status, got.headers, got.read(), "GET", path), 200)
            event = {}
            for line in got:
                line = line.decode().rstrip("\r\n")
                if not line and event:
                    yield event
                    event = {}
                elif line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    value = value.removeprefix(" ")
                    event[name] = event[name] + "\n" + value if name in event else value
        finally:
            connection.close()


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def eventually(check, timeout=10, pause=0.02):
    """What check() returns as soon as that is true; after the timeout its last error is raised."""
    end = time.monotonic() + timeout
    while True:
        try:
            result, fault = check(), None
        except (AssertionError, Refused, LookupError, TypeError, OSError, http.client.HTTPException) as caught:
            result, fault = None, caught
        if fault is None and result:
            return result
        if time.monotonic() > end:
            if fault:
                raise fault
            raise AssertionError(f"not within {timeout} s: {getattr(check, '__name__', check)} gave {result!r}")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.25)
