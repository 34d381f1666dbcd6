"""Clients that send requests continuously while a server is paused or disturbed, and the latency of each response."""
import itertools
import signal
import threading
import time
from contextlib import contextmanager

from stack.postgres import children
from stack.process import Process

SECONDS = 5             # no request takes longer
CALLS = {"catalog": ("/v1/products", {"title": "Late"}), "orders": ("/v1/orders", None), "fulfillment": ("/v1/shipments", None),
         "support": ("/v1/tickets", {"subject": "Late", "body": "Very.", "channel": "mail"}), "analytics": ("/v1/quarantine", None)}


@contextmanager
def repeated(act):
    """Call act(turn) again and again meanwhile, in another thread."""
    over = threading.Event()

    def run():
        for turn in itertools.count():
            if over.wait(0.02):
                return
            act(turn)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def paused(server):
    """SIGSTOP of a server and its child processes."""
    every = [server.process, *(Process.of(pid) for pid in children(server.process.pid))]
    for each in every:
        each.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in every:
            each.send(signal.SIGCONT)


class ClientLoad:
    """`with ClientLoad(shop, services) as load:` sends requests; load.check() fails on late or wrong responses."""

    def __init__(self, shop, services, clients=3):
        self.shop, self.answers, self.over, self.broken = shop, [], False, []
        self.threads = [threading.Thread(target=self.run, args=(service, number)) for service in services for number in range(clients)]

    def run(self, service, number):
        path, body = CALLS[service]
        client = self.shop.clients[service].as_("admin", "ann")
        while not self.over:
            began = time.monotonic()
            try:
                answer = client.post(path, body, timeout=30) if body and number % 2 else client.get(path, timeout=30)
            except OSError as fault:
                self.broken.append(f"{service}: {fault!r}")
                return
            self.answers.append((time.monotonic() - began, service, answer.status, answer.headers.get("Retry-After")))
            time.sleep(0.05)

    def __enter__(self):
        for each in self.threads:
            each.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.over = True
        for each in self.threads:
            each.join()

    def check(self):
        """(seconds of the slowest response, services that responded 503)"""
        assert not self.broken, self.broken
        slowest = max(self.answers)
        assert slowest[0] < SECONDS, f"{len(self.answers)} responses, the slowest: {slowest}"
        assert {status for _, _, status, _ in self.answers} <= {200, 201, 503}
        assert all(retry for _, _, status, retry in self.answers if status == 503)
        refused = {service for _, service, status, _ in self.answers if status == 503}
        return slowest[0], refused
