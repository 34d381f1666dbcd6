"""A Backroom started with docker-compose.yml, with its own names, volumes and port, and the steps of its tests."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from stack import plan                              # noqa: E402
from stack.login import GatewayClients, Tokens      # noqa: E402
from stack.process import free_ports                # noqa: E402

SERVERS = (*plan.SERVICES, "gateway", "nats", "postgres")
HEALTHY_SECONDS = 90
ORIGIN = "127.0.0.1"


def command():
    """`docker compose`, or docker-compose where the plugin is missing."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    return ["docker", "compose"] if plugin else ["docker-compose"]


class Compose:
    def __init__(self, name):
        self.port = free_ports(1)[0]
        self.words = command() + ["--project-name", name]
        self.env = {**os.environ, "GATEWAY_PORT": str(self.port)}
        # As `docker compose run --rm -T token`, in a third of the time.
        self.token_command = (f"docker run --rm --network=none -v {name}_keys:/run/keys:ro --entrypoint=backroom-token "
                              "backroom-catalog issue /run/keys")
        self.clients = GatewayClients(ORIGIN, self.port, Tokens(command=self.token_command))

    # -- commands ----------------------------------------------------------------------------------

    def run(self, *words, check=True):
        return run([*self.words, *words], check, self.env)

    def up(self, *words):
        self.run("up", "-d", *words)
        self.wait_healthy()

    def demo(self, *words, token_command=None):
        """Run the main workflow through the gateway; its output."""
        return run([str(ROOT / "tools" / "demo"), "--host", ORIGIN, "--port", str(self.port), "--token-command",
                    token_command or self.token_command, *words], True, self.env).stdout

    def inside(self, service, script, check=False):
        """Run a shell script in a running container; (exit code, output)."""
        done = self.run("exec", "-T", service, "sh", "-c", script, check=check)
        return done.returncode, done.stdout + done.stderr

    # -- containers ----------------------------------------------------------------------------------

    def containers(self, service):
        """What docker inspect returns for each container of a service, running or not."""
        ids = self.run("ps", "-a", "-q", service, check=False).stdout.split() or \
            self.run("ps", "-q", service).stdout.split()
        return json.loads(run(["docker", "inspect", *ids]).stdout) if ids else []

    def healthy(self, service):
        found = self.containers(service)
        return bool(found) and all(each["State"]["Running"] and each["State"]["Health"]["Status"] == "healthy"
                                   for each in found)

    def wait_healthy(self, *services):
        self.wait(lambda: all(self.healthy(service) for service in services or SERVERS), "everything is healthy")

    def wait(self, reached, what, seconds=HEALTHY_SECONDS):
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, f"not within {seconds} s: {what}\n{self.run('ps').stdout}"
            time.sleep(0.3)

    def crash(self, service):
        """kill -9 from the host, as a crash and not as an operator's stop; wait until it is restarted."""
        victim = self.containers(service)[0]
        run(["docker", "run", "--rm", "--pid=host", "--security-opt=apparmor=unconfined", "--network=none",
             "--entrypoint=bash", "--user=root", "backroom-catalog", "-c", f"kill -9 {victim['State']['Pid']}"])
        self.wait(lambda: self.restarts(victim["Id"]) > victim["RestartCount"], f"{service} is started again", 30)

    @staticmethod
    def restarts(container):
        return json.loads(run(["docker", "inspect", container]).stdout)[0]["RestartCount"]

    def remove(self):
        self.run("down", "-v", "--remove-orphans", check=False)


def image(name):
    return json.loads(run(["docker", "image", "inspect", name]).stdout)[0]


def run(words, check=True, env=None):
    done = subprocess.run(words, cwd=ROOT, env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def available():
    return shutil.which("docker") is not None and run(["docker", "info"], check=False).returncode == 0
