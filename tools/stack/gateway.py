"""The gateway: haproxy with deploy/gateway/haproxy.cfg and the addresses of the instances."""
import os
import signal
import socket
from pathlib import Path

from . import plan
from .process import spawn, tool, wait_for


def backends(instances):
    """The second half of the configuration: instances is {service: [(port, ops_port), …]}."""
    lines = ["# Written by tools: the running instances."]
    for service in plan.SERVICES:
        lines += ["", f"backend {service}"]
        lines += [f"    server {service}-{number} 127.0.0.1:{port} check port {ops_port}"
                  for number, (port, ops_port) in enumerate(instances.get(service, []))]
    return "\n".join(lines) + "\n"


class Gateway:
    def __init__(self, folder, port, instances, log, dies_with_us=False, process=None, env=None):
        self.folder = Path(folder)
        self.port = port
        self.instances = instances
        self.log = Path(log)
        self.dies_with_us = dies_with_us
        self.process = process
        self.env = env or {}

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        where = self.folder / "backends.cfg"
        where.write_text(backends(self.instances))
        env = {"PATH": os.environ.get("PATH", ""), "GATEWAY_BIND": f"127.0.0.1:{self.port}",
               # Relative to its working folder, as a socket's whole path may be too long.
               "GATEWAY_SOCKET": "unix@admin.sock", **self.env}
        self.process = spawn([tool("haproxy", "/usr/sbin"), "-db", "-f", plan.ROOT / "deploy/gateway/haproxy.cfg",
                              "-f", where], self.log, env=env, dies_with_us=self.dies_with_us,
                             cwd=self.folder)
        wait_for("The gateway", self.ready, self.process, self.log, 20)

    def current(self):
        """Whether the running one was started for the same instances."""
        try:
            return (self.folder / "backends.cfg").read_text() == backends(self.instances)
        except OSError:
            return False

    def stop(self, patience=5):
        """Let requests finish (SIGUSR1), then terminate."""
        if self.process:
            self.process.send(signal.SIGUSR1)
            if not self.process.wait(patience):
                self.process.stop(signal.SIGTERM, 5)

    def kill9(self):
        if self.process:
            self.process.kill9()

    def alive(self):
        return bool(self.process) and self.process.alive()

    def ready(self):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
