"""Memory of the services when idle and after load, and the time from start to ready."""
import statistics
import time

from load import Row


def memory(environment, when):
    shown = {service: environment.proportional_memory(service) / 1024 for service in environment.shop.instances}
    row = Row(f"memory of the five services, {when}", unit="MiB", wanted="≤ 60 MiB" if when == "idle" else "")
    resident = sum(environment.memory(service) for service in environment.shop.instances) / 1024
    row.note = (f"{sum(shown.values()):.1f} MiB PSS ("
                + ", ".join(f"{name} {value:.1f}" for name, value in shown.items())
                + f"); {resident:.0f} MiB RSS, shared libraries counted five times")
    return [row]


def start(environment, rounds):
    times = {}
    for _ in range(rounds):
        for service in environment.shop.instances:
            environment.shop.stop(service)
            began = time.monotonic()
            environment.shop.start(service)
            times.setdefault(service, []).append((time.monotonic() - began) * 1000)
    row = Row("start to ready", unit="ms", wanted="< 1 s each")
    row.note = ", ".join(f"{name} {statistics.median(each):.0f} ms" for name, each in times.items())
    return [row]
