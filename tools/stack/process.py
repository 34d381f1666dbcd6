"""Processes that these tools started, identified by pid and start time, so that no other process is ever stopped."""
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOG_LIMIT = 50 * 1024 * 1024

# The parent-death signal follows the parent *thread*: children that must not outlive this process are started by one
# thread, which lives as long as the process does.
_spawner = ThreadPoolExecutor(1)

port_range = 20000, 32000    # of free_ports(); below the ephemeral ports
given_out = set()   # ports already handed out by free_ports() in this process
exit_codes = {}     # of child processes, by pid; negative: the signal that ended it


class Failed(Exception):
    """Something could not be started; the text is shown to the user."""


@dataclass(frozen=True)
class Process:
    pid: int
    started: str

    @classmethod
    def of(cls, pid):
        return cls(pid, start_of(pid))

    def alive(self):
        return self.started != "" and start_of(self.pid) == self.started

    def send(self, number):
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds):
        """Whether the process ends within that time."""
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        reap(self.pid)
        return True

    def stop(self, number=signal.SIGTERM, patience=25):
        """Send a signal, wait, then kill. True when it ended without being killed."""
        self.send(number)
        if self.wait(patience):
            return True
        self.send(signal.SIGKILL)
        self.wait(10)
        return False

    def kill9(self):
        self.send(signal.SIGKILL)
        self.wait(10)

    def exit_code(self):
        """The exit code of a child; None while it lives, or for another process."""
        reap(self.pid)
        return exit_codes.get(self.pid)


def start_of(pid):
    """The start time of a process since boot, in clock ticks; "" for a dead one or a zombie.

    While other threads of a zombie are still ending they hold its ports, so it is not dead yet.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        gone = fields[0] in "ZX" and len(os.listdir(f"/proc/{pid}/task")) < 2
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if gone else fields[19]


def reap(pid):
    """Collect the exit status of a child that has ended."""
    try:
        gone, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
    if gone:
        exit_codes[pid] = os.waitstatus_to_exitcode(status)


def spawn(command, log, env=None, user=None, dies_with_us=False, cwd="/"):
    """Start a daemon: own session, no inherited files, output appended to log."""
    log = Path(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(log.suffix + ".1"))
    prefix = ["setpriv"]
    if dies_with_us:
        prefix += ["--pdeathsig", "KILL"]
    if user and os.geteuid() == 0:
        prefix += ["--reuid", user, "--regid", user, "--clear-groups"]
    if len(prefix) > 1:
        command = prefix + ["--"] + [str(word) for word in command]

    def start():
        with open(log, "ab") as out:
            return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=out, env=env, cwd=cwd, start_new_session=True)

    child = _spawner.submit(start).result()
    # We keep the pid, not the Popen: its destructor would only complain about a living child.
    child.returncode = 0
    return Process.of(child.pid)


def free_ports(count):
    """Unused ports, all different, below the ephemeral range: they are still free when a killed server is restarted."""
    found = []
    while len(found) < count:
        port = random.randrange(*port_range)
        if port not in given_out and port_free(port):
            given_out.add(port)
            found.append(port)
    return found


def port_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_holder(port):
    """The process that listens on a port, as text: 'nginx (pid 712)', or 'another process'."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in inodes for fd in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
        except OSError:
            continue
    return "another process"


def wait_for(what, ready, process, log, seconds=30):
    """Poll until ready() is true; fail at once, with the log's end, when the process dies."""
    end = time.monotonic() + seconds
    pause = 0.01
    while not ready():
        if not process.alive():
            raise Failed(f"{what} stopped right after its start. The end of {log}:\n{tail(log)}")
        if time.monotonic() > end:
            raise Failed(f"{what} was not ready after {seconds} s. The end of {log}:\n{tail(log)}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def tail(path, lines=15):
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16384))
            text = file.read().decode(errors="replace")
    except OSError:
        return "  (no log)"
    return "\n".join("  " + line for line in text.splitlines()[-lines:]) or "  (empty)"


def tool(name, *folders):
    """The path of a program, searched in the given folders first."""
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if not found:
        raise Failed(f"{name} is not installed: run tools/install.sh")
    return found
