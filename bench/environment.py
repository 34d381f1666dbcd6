"""A complete Backroom to measure: servers, services, data, and their CPU and memory."""
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "harness")]

from harness import Keyring, Shop                                       # noqa: E402
from stack.postgres import Postgres, children, home_below, new_passwords    # noqa: E402
from stack.process import Failed, free_ports                                    # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


class Environment:
    """One shop; `with Environment() as environment:`."""

    def __init__(self, build="build", env=None, settings=None, **shop):
        self.build = build
        self.env = env
        self.settings = settings or {}      # of PostgreSQL
        self.options = shop

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="backroom-bench-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        home = home_below(self.folder)
        # Events are timed by commit timestamps (events.py, orders.py).
        self.postgres = Postgres(home, free_ports(1)[0], new_passwords(), self.folder / "postgres.log", True,
                                 settings={"track_commit_timestamp": "on", **self.settings})
        self.shop = None
        try:
            self.postgres.start()
            self.postgres.template = "template0"
            self.keys = Keyring(self.folder / "keys", self.build)
            self.open_shop()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.shop:
            self.shop.abandon()
        self.postgres.kill9()
        shutil.rmtree(self.postgres.folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def open_shop(self, tries=3):
        """A port that was free may be in use by now: then try others."""
        for left in reversed(range(tries)):
            try:
                self.shop = Shop(self.postgres, self.keys, self.folder / "shop", env=self.env, build=self.build, **self.options)
                self.shop.begin()
                return
            except Failed:
                if not left:
                    raise
                self.shop.abandon()

    # -- addresses --------------------------------------------------------------------------

    def instance(self, service):
        return self.shop.instances[service][0]

    def base(self, service):
        return f"http://127.0.0.1:{self.instance(service).port}"

    def token(self, role="admin", sub="ann"):
        return self.keys.token(role, sub)

    def url(self, service):
        return self.postgres.url(service, self.shop.database)

    # -- costs --------------------------------------------------------------------------

    def cpu(self, service):
        """Seconds of CPU since the start: (the service, PostgreSQL with all its backends)."""
        return cpu_of(self.instance(service).process.pid), self.cpu_of_postgres()

    def cpu_of_postgres(self):
        server = self.postgres.process.pid
        return cpu_of(server, ended_children=True) + sum(map(cpu_of, children(server)))

    def cpu_of_load(self, pid):
        """The same with a load tool: (the tool, PostgreSQL)."""
        return cpu_of(pid), self.cpu_of_postgres()

    def memory(self, service, name="VmRSS"):
        """KiB of resident memory now, or with VmHWM the peak."""
        for line in Path(f"/proc/{self.instance(service).process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        return 0

    def proportional_memory(self, service):
        """Proportional set size (PSS) in KiB: shared pages are divided among the processes that map them."""
        text = Path(f"/proc/{self.instance(service).process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def cpu_of(pid, ended_children=False):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    wanted = fields[11:15] if ended_children else fields[11:13]
    return sum(map(int, wanted)) / TICK
