"""A shop that can be broken, and one run: traffic, a fault, healing, the invariants."""
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

    def __init__(self, cluster, keyring, folder, proxied=False, env=None, **said):
        super().__init__(cluster, keyring, folder, env={**ENV, **(env or {})}, **said)
        self.to_postgres = self.to_nats = None
        self.durables = {}
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
        """One of twenty: a log is searched for all their data after every run."""
        found = random.choice(self.people)
        return {"customer": {**found["customer"], **fields}, "ship_to": found["ship_to"]}

    def unsettled(self):
        """As a Shop's; a consumer or a part of a stream that is lost and not there again is on its way, too."""
        waiting = super().unsettled()
        for service in self.instances:
            names = {each["name"] for each in self.consumers(service)}
            self.durables.setdefault(service, set()).update(names)
            for name in self.durables[service] - names:
                waiting[name] = "missing"
            last = self.nats.request(f"$JS.API.STREAM.INFO.{service.upper()}").get("state", {}).get("last_seq", 0)
            told = self.value(service, "select coalesce(max(seq), 0) from event")
            if last < told:
                waiting[f"{service} stream"] = told - last
        if self.value("analytics", "select count(*) from rebuild where status = 'running'"):
            waiting["analytics rebuild"] = "running"
        return waiting

    @staticmethod
    def through(proxy, url):
        return url.replace(f":{proxy.target}", f":{proxy.port}") if proxy else url

    def heal(self):
        """Everything runs again and nothing is in the way."""
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
    """Traffic, fault(shop, chance), healing, and what came of it. expect: poison, as (service, event id or body)."""
    traffic = traffic or Traffic(shop, chance).open_shop()
    before = footprint(shop)
    shop.unsettled()                    # takes note of who listens
    with traffic:
        time.sleep(warm)
        poison = fault(shop, chance) or expect
        shop.heal()
        time.sleep(after)
    settled = settle(shop)
    traffic.ask_again()
    settled = settled or settle(shop)
    verdicts = Check(shop, traffic, poison, settled, before).verdicts()
    table.add(name, verdicts, traffic)
    wrong = {which: what for which, what in verdicts.items() if what}
    print(f"{name}: {dict(traffic.counts())}, slowest answer {traffic.slowest:.1f} s, {wrong or 'all held'}", flush=True)
    assert not wrong, f"{name}: {wrong}\nlogs in {shop.folder}"
    assert traffic.counts()["ok"] > 10, f"hardly anything went well: {traffic.counts()}"
    return traffic


def settle(shop):
    """What is wrong, if it takes longer than promised."""
    try:
        shop.settle(SETTLE_SECONDS)
    except AssertionError as late:
        return str(late)
    return None
