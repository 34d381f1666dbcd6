"""A private nats-server with JetStream, and a minimal client for tools and tests."""
import json
import os
import secrets
import shutil
import signal
import socket
from pathlib import Path

from . import plan
from .process import spawn, tool, wait_for

OPERATOR = "operator"

# Go spreads few messages over all processors and wakes a thread for each; a quarter of the processors is enough.
PROCESSORS = max(1, (os.cpu_count() or 1) // 4)

# Garbage is collected when the heap has grown fivefold instead of twofold, because messages wait meanwhile, and at 512 MiB.
GO = {"GOMAXPROCS": str(PROCESSORS), "GOGC": "400", "GOMEMLIMIT": "512MiB"}


def new_passwords():
    return {name: "n" + secrets.token_hex(20) for name in (OPERATOR, *plan.SERVICES)}


def settings(passwords, client_address, monitor_address, storage_folder, storage_limit):
    """The text of settings.conf, which deploy/nats.conf includes."""
    values = {"client_address": client_address, "monitor_address": monitor_address,
              "storage_folder": str(storage_folder)}
    values.update((f"{name}_password", password) for name, password in passwords.items())
    lines = [f"{name}: {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines + [f"storage_limit: {storage_limit}"]) + "\n"


class Nats:
    def __init__(self, folder, port, monitor_port, passwords, log, storage_limit="10GB", dies_with_us=False,
                 process=None):
        self.folder = Path(folder)
        self.port = port
        self.monitor_port = monitor_port
        self.passwords = passwords
        self.log = Path(log)
        self.storage_limit = storage_limit
        self.dies_with_us = dies_with_us
        self.process = process

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        shutil.copy(plan.ROOT / "deploy" / "nats.conf", self.folder / "nats.conf")
        secret = self.folder / "settings.conf"
        secret.touch(mode=0o600)
        secret.write_text(settings(self.passwords, f"127.0.0.1:{self.port}", f"127.0.0.1:{self.monitor_port}",
                                   self.folder / "store", self.storage_limit))
        self.process = spawn([tool("nats-server", "/usr/sbin"), "-c", self.folder / "nats.conf"], self.log,
                             env={"PATH": os.environ.get("PATH", ""), **GO}, dies_with_us=self.dies_with_us)
        wait_for("nats-server", self.ready, self.process, self.log, 60)

    def stop(self, patience=10):
        if self.process:
            self.process.stop(signal.SIGTERM, patience)

    def kill9(self):
        if self.process:
            self.process.kill9()

    def wipe(self):
        """Delete all streams and consumers. Only while it is stopped."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)

    def alive(self):
        return bool(self.process) and self.process.alive()

    def ready(self):
        """Whether it answers, with JetStream enabled."""
        try:
            return "error" not in self.request("$JS.API.INFO", timeout=1)
        except (OSError, ValueError):
            return False

    def url(self, user=OPERATOR):
        return f"nats://{user}:{self.passwords[user]}@127.0.0.1:{self.port}"

    def request(self, subject, body=None, user=OPERATOR, timeout=5):
        """Send a request and return the JSON reply, e.g. request("$JS.API.STREAM.INFO.ORDERS")."""
        with Connection(self.port, user, self.passwords[user], timeout) as connection:
            return json.loads(connection.request(subject, b"" if body is None else json.dumps(body).encode()))

    def publish(self, subject, payload, headers=None, user=OPERATOR, timeout=5):
        """Publish one message and return JetStream's acknowledgement: {"stream": …, "seq": …}."""
        with Connection(self.port, user, self.passwords[user], timeout) as connection:
            return json.loads(connection.request(subject, payload, headers))


class Connection:
    """A client for one request at a time. Raises OSError for what the server refuses."""

    INBOX = "_INBOX.tools"

    def __init__(self, port, user, password, timeout):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.SOL_TCP, socket.TCP_NODELAY, 1)   # or each request waits 40 ms for a delayed ACK
        self.file = self.socket.makefile("rb")
        self._line()                                    # INFO
        options = {"verbose": False, "pedantic": False, "user": user, "pass": password, "headers": True,
                 "no_responders": True, "lang": "python", "version": "0", "name": "backroom tools"}
        self._send(b"CONNECT " + json.dumps(options).encode() + b"\r\nPING\r\n")
        self._until(b"PONG")
        self.inbox = f"{self.INBOX}.{secrets.token_hex(8)}"
        self._send(f"SUB {self.inbox} 1\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def request(self, subject, payload, headers=None):
        if headers:
            head = b"NATS/1.0\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items()) + b"\r\n"
            sizes = f"{len(head)} {len(head) + len(payload)}"
            self._send(f"HPUB {subject} {self.inbox} {sizes}\r\n".encode() + head + payload + b"\r\n")
        else:
            self._send(f"PUB {subject} {self.inbox} {len(payload)}\r\n".encode() + payload + b"\r\n")
        line = self._until(b"MSG", b"HMSG")
        *_, size = line.split()
        data = self.file.read(int(size) + 2)[:-2]
        if line.startswith(b"HMSG"):
            head = int(line.split()[-2])
            if data.startswith(b"NATS/1.0 503"):
                raise OSError(f"no responders for {subject}")
            data = data[head:]
        return data

    def publish(self, subject, payload):
        """Without waiting for an acknowledgement; a later request() responds after it."""
        self._send(f"PUB {subject} {len(payload)}\r\n".encode() + payload + b"\r\n")

    def _send(self, data):
        self.socket.sendall(data)

    def _line(self):
        line = self.file.readline()
        if not line:
            raise OSError("nats-server closed the connection")
        return line.rstrip()

    def _until(self, *wanted):
        while True:
            line = self._line()
            if line.startswith(b"-ERR"):
                raise OSError(line.decode(errors="replace"))
            if line.startswith(b"PING"):
                self._send(b"PONG\r\n")
            if line.startswith(wanted):
                return line
