"""The five services as their users see them: through the gateway, with tokens."""
import subprocess

from . import keys, plan
from .client import Client


class Door:
    """door.catalog … door.analytics are Clients."""

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
    """One token a role and subject, from the local key pair or from any command that prints one."""

    def __init__(self, folder=None, build="build", command=None):
        self.folder, self.build, self.command = folder, build, command
        self.made = {}

    def __call__(self, role, sub):
        if (role, sub) not in self.made:
            if self.command:
                done = subprocess.run([*self.command.split(), role, sub], check=True, text=True,
                                      stdout=subprocess.PIPE)
                self.made[role, sub] = done.stdout.strip().splitlines()[-1]
            else:
                self.made[role, sub] = keys.issue(self.folder, role, sub, 86400, self.build)
        return self.made[role, sub]
