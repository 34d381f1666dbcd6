"""The local key pair and the tokens made with it, by the project's own backroom-token."""
import subprocess
from pathlib import Path

from . import plan
from .process import Failed


def make(folder, build="build"):
    """private.json and jwks.json, if they are not there yet."""
    Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    _run(build, "keys", folder)


def issue(folder, role, subject, seconds=None, build="build"):
    return _run(build, "issue", folder, role, subject, *([] if seconds is None else [str(seconds)])).strip()


def _run(build, *arguments):
    binary = plan.binary("token", build)
    if not binary.exists():
        raise Failed(f"{binary} does not exist: run make build")
    done = subprocess.run([str(word) for word in (binary, *arguments)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise Failed(f"backroom-token {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
