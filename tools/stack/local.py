"""All of Backroom on this machine: what `make up` starts and `make down` stops.

Its files are in one run folder (.run): logs, keys, passwords, and state.json with the pid and start time of each process.
A second start reuses what runs and restarts what died.
"""
import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from . import gateway, keys, nats, plan, postgres
from .process import Failed, Process, free_ports, port_free, port_holder
from .service import Instance


def show(text):
    print(text, flush=True)


class Local:
    def __init__(self, folder=None, instances=1, gateway_port=plan.GATEWAY_PORT, build="build", settings=None):
        self.folder = Path(folder or os.environ.get("RUN_DIR") or plan.ROOT / ".run").resolve()
        self.build = build
        self.instances = instances
        self.gateway_port = gateway_port
        self.settings = settings or {}
        self.state = {}

    # -- up --------------------------------------------------------------------------------------

    def up(self):
        with self.locked():
            began = time.monotonic()
            keys.make(self.keys, self.build)
            self.database = self.start_postgres()
            self.nats = self.start_nats()
            self.start_services()
            self.start_gateway()
            show(f"Backroom is up after {time.monotonic() - began:.1f} s: http://127.0.0.1:{self.gateway_port}/ "
                f"(logs in {self.shown(self.logs)})")

    def start_postgres(self):
        if "postgres_folder" not in self.state:
            self.state["postgres_folder"] = str(postgres.home_below(self.folder))
            self.save()
        server = postgres.Postgres(self.state["postgres_folder"], self.port_of("postgres", plan.POSTGRES_PORT),
                                   self.secrets["postgres"], self.logs / "postgres.log",
                                   process=self.process("postgres"))
        self.ensure("PostgreSQL", "postgres", server)
        server.create_database()
        return server

    def start_nats(self):
        server = nats.Nats(self.folder / "nats", self.port_of("nats", plan.NATS_PORT),
                           self.port_of("nats_monitor", plan.NATS_MONITOR_PORT, like="nats"), self.secrets["nats"],
                           self.logs / "nats.log", process=self.process("nats"))
        self.ensure("nats-server", "nats", server)
        return server

    def start_services(self):
        wanted = self.wanted()
        for name in [name for name in self.state["processes"] if self.is_service(name) and name not in wanted]:
            show(f"  {name} is no longer needed: stopping")
            self.stop_one(name)
        begun = []
        for name, instance in wanted.items():
            if instance.alive() and self.state["builds"].get(name) == self.build_mark(instance):
                show(f"  {name:<14} runs on port {instance.port} (pid {instance.process.pid})")
                continue
            if instance.alive():
                show(f"  {name:<14} has another build or other settings: stopping")
                instance.stop()
            instance.start(self.database.url(instance.service), self.nats.url(instance.service),
                           self.keys / "jwks.json", self.settings, wait=False)
            self.remember(name, instance.process)
            self.state["builds"][name] = self.build_mark(instance)
            self.save()
            begun.append(instance)
        for instance in begun:
            instance.wait_ready()
            show(f"  {instance.name:<14} ready on port {instance.port}, operations on {instance.ops_port} "
                f"(pid {instance.process.pid})")

    def start_gateway(self):
        where = {}
        for instance in self.wanted().values():
            where.setdefault(instance.service, []).append((instance.port, instance.ops_port))
        server = gateway.Gateway(self.folder / "gateway", self.gateway_port, where, self.logs / "gateway.log",
                               process=self.process("gateway"))
        if server.alive() and not (server.current() and self.state["ports"].get("gateway") == self.gateway_port):
            server.stop()
        self.state["ports"]["gateway"] = self.gateway_port
        self.ensure("gateway", "gateway", server)

    def ensure(self, title, name, server):
        """Start a server unless it runs."""
        if server.alive() and server.ready():
            show(f"  {title:<14} runs on port {server.port} (pid {server.process.pid})")
            return
        if server.alive():
            server.stop()
        if not port_free(server.port):
            raise Failed(f"{title} needs port {server.port}, but {port_holder(server.port)} listens there.")
        server.start()
        self.remember(name, server.process)
        show(f"  {title:<14} ready on port {server.port} (pid {server.process.pid})")

    def wanted(self):
        """{name: Instance} for every instance that should run, with its process if it has one."""
        found = {}
        for number in range(self.instances):
            for service in plan.SERVICES:
                instance = Instance(service, number, plan.port(service, number, self.gateway_port),
                                    plan.ops_port(service, number, self.gateway_port),
                                    self.logs / f"{service}-{number}.log", self.build)
                instance.process = self.process(instance.name)
                found[instance.name] = instance
        return found

    def build_mark(self, instance):
        """Changes when the binary, its port or its settings do."""
        binary = plan.binary(instance.service, instance.build)
        try:
            made = binary.stat().st_mtime_ns
        except FileNotFoundError:
            raise Failed(f"{binary} does not exist: run make build") from None
        return [str(binary), made, instance.port, self.settings]

    # -- backup ------------------------------------------------------------------------------------

    def known_postgres(self):
        """The running server."""
        process = self.process("postgres")
        if not process or not process.alive():
            raise Failed("PostgreSQL is not running: make up")
        return postgres.Postgres(self.state["postgres_folder"], self.state["ports"]["postgres"], self.secrets["postgres"],
                                 self.logs / "postgres.log", process=process)

    def take_over(self, folder):
        """Use the keys and passwords of a backup, and a new PostgreSQL; the folder where the earlier one is kept, if any."""
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("private.json", "jwks.json"):
            shutil.copy(Path(folder) / name, self.keys / name)
        shutil.copy(Path(folder) / "secrets.json", self.folder / "secrets.json")
        old = Path(self.state.pop("postgres_folder", "/nowhere"))
        kept = old.with_name(old.name + "-before-restore")
        if old.exists():
            shutil.rmtree(kept, ignore_errors=True)
            old.rename(kept)
        self.save()
        self.load()
        return kept if kept.exists() else None

    # -- down ------------------------------------------------------------------------------------

    def down(self, wipe=False):
        with self.locked():
            stopped = 0
            order = {"gateway": 0, "nats": 2, "postgres": 3}
            for name in sorted(self.state["processes"], key=lambda name: order.get(name, 1)):
                stopped += self.stop_one(name)
            show("Backroom is down." if stopped else "Nothing of Backroom was running.")
            if wipe:
                outside = Path(self.state.get("postgres_folder", "/nowhere"))
                if outside.name.startswith("backroom-postgres-"):
                    shutil.rmtree(outside, ignore_errors=True)
                shutil.rmtree(self.folder, ignore_errors=True)
                show(f"Everything in {self.shown(self.folder)} is deleted.")

    def stop_one(self, name):
        process = self.process(name)
        running = process is not None and process.alive()
        if running:
            server = {"postgres": lambda: postgres.Postgres("", 0, {}, "", process=process),
                      "nats": lambda: nats.Nats("", 0, 0, {}, "", process=process),
                      "gateway": lambda: gateway.Gateway("", 0, {}, "", process=process),
                      }.get(name, lambda: Instance(name, 0, 0, 0, "", process=process))()
            show(f"  {name:<14} stops (pid {process.pid})")
            server.stop()
        self.state["processes"].pop(name, None)
        self.state["builds"].pop(name, None)
        self.save()
        return running

    # -- what is remembered ------------------------------------------------------------------------

    @property
    def logs(self):
        return self.folder / "logs"

    @property
    def keys(self):
        return self.folder / "keys"

    @contextmanager
    def locked(self):
        """Only one up or down at a time. Child processes do not inherit the lock's file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.load()
            yield

    def load(self):
        path = self.folder / "state.json"
        self.state = json.loads(path.read_text()) if path.exists() else {}
        if self.state.get("boot") != boot_id():         # pids from before the last boot are not valid
            self.state["processes"] = {}
            self.state["boot"] = boot_id()
        for part in ("processes", "ports", "builds"):
            self.state.setdefault(part, {})
        path = self.folder / "secrets.json"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(json.dumps({"postgres": postgres.new_passwords(), "nats": nats.new_passwords()}))
        self.secrets = json.loads(path.read_text())

    def save(self):
        path = self.folder / "state.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(self.state, indent=2) + "\n")
        fresh.replace(path)

    def process(self, name):
        kept = self.state["processes"].get(name)
        return Process(kept["pid"], kept["started"]) if kept else None

    def remember(self, name, process):
        self.state["processes"][name] = {"pid": process.pid, "started": process.started}
        self.save()

    def port_of(self, name, usual, like=None):
        """A server's port: from the environment, else the one it had, the default, or a free one."""
        chosen = os.environ.get(f"{name.upper()}_PORT")
        process = self.process(like or name)
        port = int(chosen) if chosen else self.state["ports"].get(name, usual)
        if not chosen and not (process and process.alive()) and not port_free(port):
            port = free_ports(1)[0]
        self.state["ports"][name] = port
        self.save()
        return port

    @staticmethod
    def is_service(name):
        return name.rpartition("-")[0] in plan.SERVICES

    @staticmethod
    def shown(path):
        try:
            return path.relative_to(Path.cwd())
        except ValueError:
            return path


def boot_id():
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
