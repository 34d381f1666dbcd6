"""One instance of one service."""
import http.client
import os
import signal
from pathlib import Path

from . import plan
from .process import Failed, port_free, port_holder, spawn, wait_for

# Instances × POOL_SIZE × 1.5 × 5 plus what relays and leaders hold must stay below PostgreSQL's max_connections.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1:exitcode=99",
}


class Instance:
    def __init__(self, service, number, port, ops_port, log, build="build", dies_with_us=False, process=None):
        self.service = service
        self.number = number
        self.port = port
        self.ops_port = ops_port
        self.log = Path(log)
        self.build = build
        self.dies_with_us = dies_with_us
        self.process = process

    @property
    def name(self):
        return f"{self.service}-{self.number}"

    def start(self, database_url, nats_url, jwks_file, settings, wait=True):
        binary = plan.binary(self.service, self.build)
        if not binary.exists():
            raise Failed(f"{binary} does not exist: run make build")
        for port in (self.port, self.ops_port):
            if not port_free(port):
                raise Failed(f"{self.name} needs port {port}, but {port_holder(port)} listens there.")
        env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC",
               **SANITIZERS, **{name: os.environ[name] for name in SANITIZERS if name in os.environ},
               "DATABASE_URL": database_url, "NATS_URL": nats_url, "JWKS_FILE": str(jwks_file),
               "PORT": str(self.port), "OPS_PORT": str(self.ops_port), "BIND": "127.0.0.1",
               "TRUSTED_PROXY": "127.0.0.1", **settings}
        self.process = spawn([binary], self.log, env=env, dies_with_us=self.dies_with_us)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=60):
        wait_for(self.name, self.ready, self.process, self.log, seconds)

    def ready(self):
        status, _ = self.ops("/readyz")
        return status == 200

    def ops(self, path, timeout=2):
        """(status, text) of /livez, /readyz or /metrics; status 0 without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def stop(self, patience=25):
        """Stop gracefully; True when it ended in time without being killed."""
        return self.process.stop(signal.SIGTERM, patience) if self.process else True

    def kill9(self):
        if self.process:
            self.process.kill9()

    def alive(self):
        return bool(self.process) and self.process.alive()
