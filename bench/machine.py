"""The machine as operators are told to set it (deploy/sysctl.conf, deploy/tmpfiles.conf), while something is measured."""
import re
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


def settings(name):
    return [line for line in (DEPLOY / name).read_text().splitlines() if line and not line.startswith("#")]


def wanted():
    lines = [line.partition("=") for line in settings("sysctl.conf")]
    sysctls = {Path("/proc/sys", *name.strip().split(".")): value.strip() for name, _, value in lines}
    written = {Path(words[1]): words[-1] for words in map(str.split, settings("tmpfiles.conf"))}
    return {**sysctls, **written}


def value_of(path):
    """Where the kernel lists what can be chosen, what is chosen stands in brackets."""
    text = path.read_text().strip()
    chosen = re.search(r"\[(\w+)\]", text)
    return chosen[1] if chosen else text


class Machine:
    """`with Machine() as machine:` sets what may be set, and puts it back. `machine.said` is how it was measured."""

    def __enter__(self):
        there = {path: value for path, value in wanted().items() if path.exists()}
        self.before = {path: value_of(path) for path in there}
        try:
            for path, value in there.items():
                path.write_text(value)
            self.said = "as deploy/ sets it (sysctl.conf, tmpfiles.conf)"
        except OSError as refused:
            self.said = f"not as deploy/ sets it ({refused.strerror})"
        return self

    def __exit__(self, *_):
        for path, value in self.before.items():
            try:
                path.write_text(value)
            except OSError:
                pass
