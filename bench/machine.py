"""The machine as operators are told to set it (deploy/sysctl.conf), while something is measured."""
from pathlib import Path

WANTED = Path(__file__).resolve().parents[1] / "deploy" / "sysctl.conf"


def wanted():
    lines = [line.partition("=") for line in WANTED.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {Path("/proc/sys", *name.strip().split(".")): value.strip() for name, _, value in lines}


class Machine:
    """`with Machine() as machine:` sets what may be set, and puts it back. `machine.said` is how it was measured."""

    def __enter__(self):
        settings = {path: value for path, value in wanted().items() if path.exists()}
        self.before = {path: path.read_text() for path in settings}
        try:
            for path, value in settings.items():
                path.write_text(value)
            self.said = "as deploy/sysctl.conf sets it"
        except OSError as refused:
            self.said = f"not as deploy/sysctl.conf sets it ({refused.strerror})"
        return self

    def __exit__(self, *_):
        for path, value in self.before.items():
            try:
                path.write_text(value)
            except OSError:
                pass
