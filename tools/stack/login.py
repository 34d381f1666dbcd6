"""The five services as their users reach them: through the gateway, with a bearer token for each role."""
import subprocess
import threading

from . import keys, plan
from .client import Client
from .process import Failed


class GatewayClients:
    """.catalog … .analytics are Clients that go through the gateway."""

    def __init__(self, host="127.0.0.1", port=plan.GATEWAY_PORT, token=None, role="admin", sub="ann"):
        self.host, self.port = host, port
        self._clients = {service: Client([(host, port)], token, role, sub, f"/{service}", timeout=60, patience=60)
                         for service in plan.SERVICES}

    def __getattr__(self, name):
        try:
            return self.__dict__["_clients"][name]
        except KeyError:
            raise AttributeError(name) from None


class Tokens:
    """One token for each role and subject, made with the local key pair or by any command that prints one."""

    def __init__(self, folder=None, build="build", command=None):
        self.folder, self.build, self.command = folder, build, command
        self.made = {}
        self.lock = threading.Lock()        # a command may start a container: once for each token, not once a thread

    def __call__(self, role, sub):
        with self.lock:
            if (role, sub) not in self.made:
                self.made[role, sub] = (self._run(role, sub) if self.command else
                                        keys.issue(self.folder, role, sub, 86400, self.build))
            return self.made[role, sub]

    def _run(self, role, sub):
        done = subprocess.run([*self.command.split(), role, sub], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode or not done.stdout.strip():
            raise Failed(f"{self.command} {role} {sub}: {done.stderr.strip() or 'no token'}")
        return done.stdout.strip().splitlines()[-1]
