"""One run of the fault tests: traffic, a fault, recovery, the invariants."""
import random
import time

from harness import Shop
from invariants import Check, footprint
from proxy import PASS, Proxy
from stack.process import free_ports
from traffic import Traffic

ENV = {"CONSUME_BACKOFF_MS": "100"}
SETTLE_SECONDS = 60


class FaultShop(Shop):
    """A Shop whose services may reach PostgreSQL and nats-server through proxies: shop.to_postgres, shop.to_nats."""

    def __init__(self, cluster, keyring, folder, proxied=False, env=None, **options):
        super().__init__(cluster, keyring, folder, env={**ENV, **(env or {})}, **options)
        self.to_postgres = self.to_nats = None
        self.people = [Shop.person(self) for _ in range(20)]
        if proxied:
            ports = free_ports(2)
            self.to_postgres = Proxy(ports[0], cluster.port)
            self.to_nats = Proxy(ports[1], self.nats.port)

    def start(self, service=None, instance=None, env=None, wait=True):
        begun = [each for each in self.chosen(service, instance) if not each.alive()]
        for each in begun:
            self.stopped_by_us.discard(each.name)
            each.start(self.through(self.to_postgres, self.postgres.url(each.service, self.database)),
                       self.through(self.to_nats, self.nats.url(each.service)),
                       self.keys.jwks_file, {**self.env, **(env or {})}, wait=False)
        if wait:
            for each in begun:
                each.wait_ready()

    def person(self, **fields):
        """One of twenty: all logs are searched for their data after every run."""
        found = random.choice(self.people)
        return {"customer": {**found["customer"], **fields}, "ship_to": found["ship_to"]}

    def unsettled(self, connection=None):
        """As a Shop's; also a stream that is shorter than the event log, and a rebuild of analytics."""
        waiting = super().unsettled(connection)
        for service in self.instances:
            last = self.nats.request(f"$JS.API.STREAM.INFO.{service.upper()}").get("state", {}).get("last_seq", 0)
            published = self.value(service, "select coalesce(max(seq), 0) from event")
            if last < published:
                waiting[f"{service} stream"] = published - last
        if self.value("analytics", "select count(*) from rebuild where status = 'running'"):
            waiting["analytics rebuild"] = "running"
        return waiting

    @staticmethod
    def through(proxy, url):
        return url.replace(f":{proxy.target}", f":{proxy.port}") if proxy else url

    def heal(self):
        """Start and resume everything, remove every obstacle."""
        for proxy in (self.to_postgres, self.to_nats):
            if proxy:
                proxy.become(PASS)
        self.resume()
        if not self.postgres.alive():
            self.postgres.start()
        if not self.nats.alive():
            self.nats.start()
        self.start()

    def abandon(self):
        super().abandon()
        for proxy in (self.to_postgres, self.to_nats):
            if proxy:
                proxy.close()


def run(shop, chance, table, name, fault, warm=1.0, after=1.0, traffic=None, expect=()):
    """Traffic, fault(shop, chance), recovery, and the invariants. expect: poison events, as (service, event id or body)."""
    traffic = traffic or Traffic(shop, chance).open_shop()
    before = footprint(shop)
    with traffic:
        time.sleep(warm)
        poison = fault(shop, chance) or expect
        shop.heal()
        time.sleep(after)
    settled = settle(shop)
    traffic.retry_unknown()
    settled = settled or settle(shop)
    verdicts = Check(shop, traffic, poison, settled, before).verdicts()
    table.add(name, verdicts, traffic)
    wrong = {which: what for which, what in verdicts.items() if what}
    print(f"{name}: {dict(traffic.counts())}, slowest response {traffic.slowest:.1f} s, {wrong or 'all held'}", flush=True)
    assert not wrong, f"{name}: {wrong}\nlogs in {shop.folder}"
    assert traffic.counts()["ok"] > 10, f"hardly any request succeeded: {traffic.counts()}"
    return traffic


def settle(shop):
    """None, or what is still not settled after the promised time."""
    try:
        shop.settle(SETTLE_SECONDS)
    except AssertionError as late:
        return str(late)
    return None
