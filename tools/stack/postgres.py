"""A private PostgreSQL 15: own folder, own port, loopback only, every commit on disk."""
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from . import plan
from .process import Failed, Process, spawn, start_of, tool, wait_for

BIN = "/usr/lib/postgresql/15/bin"
USER = "postgres"           # the system user the server runs as when we are root, and its superuser role
SOCKET_PATH_LIMIT = 80      # a unix socket's whole path has 107 bytes


def new_password():
    return "p" + secrets.token_hex(20)


def new_passwords():
    return {name: new_password() for name in (USER, *plan.SERVICES)}


class Postgres:
    """One server with the settings of deploy/postgres.conf, and with those given here in their place. `folder` must be reachable by the
    system user postgres when we are root."""

    def __init__(self, folder, port, passwords, log, dies_with_us=False, process=None, settings=None):
        self.folder = Path(folder)
        self.settings = settings or {}
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.port = port
        self.passwords = passwords
        self.log = Path(log)
        self.dies_with_us = dies_with_us
        self.process = process

    # -- life ------------------------------------------------------------------------------------

    def prepare(self):
        """Make the data folder once."""
        if (self.data / "PG_VERSION").exists():
            return
        initdb = tool("initdb", BIN)
        shutil.rmtree(self.data, ignore_errors=True)
        for folder in (self.folder, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            own(folder)
        # The password is passed in a file: every user can read a process's arguments.
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            own(file.name)
            file.write(self.passwords[USER] + "\n")
            file.flush()
            self._run([initdb, "--pgdata", self.data, "--username", USER, "--pwfile", file.name,
                       "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                       "--no-instructions"])

    def start(self):
        """Start it and wait until it accepts statements; after a crash it recovers first."""
        self.prepare()
        settings = {**self.settings, "listen_addresses": "'127.0.0.1'", "port": self.port, "unix_socket_directories": f"'{self.socket}'"}
        ours = "".join(f"{name} = {value}\n" for name, value in settings.items())
        conf = self.data / "backroom.conf"
        conf.write_text((plan.ROOT / "deploy" / "postgres.conf").read_text() + ours)
        own(conf)
        main = self.data / "postgresql.conf"
        if "include 'backroom.conf'" not in main.read_text():
            with open(main, "a") as file:
                file.write("include 'backroom.conf'\n")
        self.forget_dead_postmaster()
        self.process = spawn([tool("postgres", BIN), "-D", self.data], self.log, env=self._env(), user=USER,
                             dies_with_us=self.dies_with_us, cwd=self.folder)
        wait_for("PostgreSQL", self.ready, self.process, self.log, 120)

    def forget_dead_postmaster(self):
        """Remove the pid files of a killed server: PostgreSQL refuses to start while that pid is a zombie."""
        for file in (self.data / "postmaster.pid", self.socket / f".s.PGSQL.{self.port}.lock"):
            if file.exists() and start_of(file.read_text().split()[0]) == "":
                file.unlink()

    def stop(self, patience=30):
        """Fast shutdown: open transactions roll back, everything committed stays."""
        if self.process:
            self.process.stop(signal.SIGINT, patience)

    def kill9(self):
        """Kill the postmaster and its backends, as a crash."""
        if not self.process:
            return
        backends = [Process.of(pid) for pid in children(self.process.pid)]
        self.process.kill9()
        for each in backends:
            each.kill9()

    def alive(self):
        return bool(self.process) and self.process.alive()

    def ready(self):
        """Whether recovery is over (the state in the pid file) and the port is open."""
        try:
            state = (self.data / "postmaster.pid").read_text().splitlines()[7].strip()
        except (OSError, IndexError):
            return False
        if state != "ready":
            return False
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    # -- statements ------------------------------------------------------------------------------

    def url(self, role=USER, database=plan.DATABASE):
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    def psql(self, database, *arguments, stdin=None):
        """Run psql as the superuser; its output."""
        env = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER,
               "PGPASSWORD": self.passwords[USER], "PGDATABASE": database, "PGAPPNAME": "backroom tools",
               "PSQLRC": "/dev/null"}
        for service in plan.SERVICES:
            env[f"{service.upper()}_DATABASE_PASSWORD"] = self.passwords[service]
        done = subprocess.run([tool("psql", BIN), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
                               "--set", "ON_ERROR_STOP=1", *arguments], input=stdin, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise Failed(f"psql: {done.stderr.strip()}")
        return done.stdout

    def has_database(self, name):
        return self.psql("postgres", "--command", f"select 1 from pg_database where datname = '{name}'") != ""

    def create_database(self, name=plan.DATABASE, template=None):
        """Create a database with the roles and schemas of deploy/database.sql, unless it exists."""
        if not self.has_database(name):
            copy = f" template {template}" if template else " template template0 encoding 'UTF8'"
            self.psql("postgres", "--command", f"create database {name}{copy}")
        self.psql(name, "--file", str(plan.ROOT / "deploy" / "database.sql"))

    def drop_database(self, name):
        self.psql("postgres", "--command", f"drop database if exists {name} with (force)")

    def _env(self):
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}

    def _run(self, command):
        command = [str(word) for word in command]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--"] + command
        done = subprocess.run(command, cwd=self.folder, env=self._env(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise Failed(f"{Path(command[-1]).name}: {done.stdout.strip()}")


def own(path):
    """Make the server's user the owner of a file."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)


def home_below(folder):
    """A folder for a server: below `folder` if the server's user can reach it there, else below /var/tmp.

    A checkout may lie in /root, where postgres may not walk, or so deep that the socket's path is too long.
    """
    wanted = Path(folder) / "postgres"
    if len(str(wanted)) <= SOCKET_PATH_LIMIT and reachable(wanted.parent):
        return wanted
    made = Path(tempfile.mkdtemp(prefix="backroom-postgres-", dir="/var/tmp"))
    own(made)
    return made


def reachable(folder):
    if os.geteuid() != 0:
        return True
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise Failed("PostgreSQL is not installed: run tools/install.sh") from None
    command = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--", "test", "-x", str(folder)]
    return subprocess.run(command, cwd="/").returncode == 0


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
