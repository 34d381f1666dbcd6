"""A complete Backroom for tests: real services, with their own nats-server and database.

    def test_a_paid_order_is_confirmed(shop):
        shop.workflow.publish({"sku": "MUG", "price": 450})
        shop.workflow.book_in("MUG", 10)
        order = shop.workflow.order([("MUG", 2)])
        eventually(lambda: shop.orders.get(f"/v1/orders/{order['id']}").json["status"] == "confirmed")

See Shop for everything that a test can do with it.
"""
import json
import re
import signal
import subprocess
import time
import urllib.parse
import uuid
from functools import cache
from pathlib import Path

import psycopg2
import psycopg2.extras

import event_schemas
from keyring import Keyring
from rules import check_no_canary, check_response, fault_in_log
from stack import plan
from stack.client import Client
from stack.gateway import Gateway
from stack.nats import Nats, new_passwords
from stack.process import free_ports, tail
from stack.reconcile import feed
from stack.service import Instance
from stack.workflow import Workflow
from streams import create_stream


class Shop:
    """The five services over one database and one nats-server.

    shop.catalog … shop.analytics   a Client each (get, post, put, patch, delete, all, stream), over all
                                    instances in turn; .as_(role, sub) is the same with another token
    shop.front.orders …             the same through the gateway, if it was started with gateway=True
    shop.workflow                   the steps of the main workflow (stack/workflow.py)
    shop.start/stop/kill/restart/pause/resume(service, instance)   without arguments: all of them
    shop.nats, shop.postgres        .kill9() .stop() .start(), nats.wipe(), nats.request(), nats.publish()
    shop.sql(service, statement, *values)      as that service's own role; rows as dicts
    shop.settle()                   wait until every event has been published and applied
    shop.person()                   a new customer whose data may not appear in any log
    """

    def __init__(self, cluster, keyring, folder, instances=1, env=None, gateway=False, build="build",
                 services=plan.SERVICES, role="admin", sub="ann"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres = cluster
        self.keys = keyring
        self.env = dict(env or {})
        self.canaries = set()
        self.not_json = []          # regular expressions of log lines that need not be JSON
        self.stopped_by_us = set()
        self.other_sources = set()  # services whose events a test publishes
        self.database = "shop_" + uuid.uuid4().hex[:12]
        cluster.create_database(self.database, template=cluster.template)
        ports = free_ports(3 + 2 * instances * len(plan.SERVICES))
        self.nats = Nats(self.folder / "nats", ports.pop(), ports.pop(), new_passwords(), self.folder / "nats.log",
                         storage_limit="6GB", dies_with_us=True)
        self.instances = {service: [Instance(service, number, ports.pop(), ports.pop(),
                                             self.folder / f"{service}-{number}.log", build, dies_with_us=True)
                                    for number in range(instances)] for service in services}
        self.gateway = None
        if gateway:
            where = {service: [(each.port, each.ops_port) for each in some]
                     for service, some in self.instances.items()}
            self.gateway = Gateway(self.folder / "gateway", ports.pop(), where, self.folder / "gateway.log",
                                   dies_with_us=True,
                                   env={name: value for name, value in self.env.items() if name.startswith("GATEWAY_")})
        self.clients = {service: self.client([("127.0.0.1", each.port) for each in some], role, sub)
                        for service, some in self.instances.items()}
        self.front = Front(self, role, sub)
        self.workflow = Workflow(self, is_known=self.knows_price)

    def __getattr__(self, name):
        try:
            return self.__dict__["clients"][name]
        except KeyError:
            raise AttributeError(name) from None

    def client(self, addresses, role="admin", sub="ann", prefix=""):
        return Client(addresses, self.keys.token, role, sub, prefix,
                      inspect=lambda answer: check_response(answer, self.canaries))

    def knows_price(self, sku):
        """Whether orders knows the price of a SKU, or cannot learn it now."""
        ready = [each for each in self.instances.get("orders", []) if each.alive() and each.ready()]
        if not ready or not self.nats.alive() or "catalog" not in self.instances:
            return True
        found = self.orders.get(f"/v1/prices/{urllib.parse.quote(sku, safe='')}", role="admin")
        return found.status == 200 and found.json["sellable"]

    # -- processes -------------------------------------------------------------------------------

    def begin(self):
        """Start everything. Services that do not run have their streams, so that consumers need not wait for them."""
        self.nats.start()
        for service in set(plan.SERVICES) - set(self.instances):
            create_stream(self.nats, service)
        self.start()
        if self.gateway:
            self.gateway.start()
        return self

    def chosen(self, service=None, instance=None):
        names = [service] if service else list(self.instances)
        return [each for name in names for each in self.instances[name] if instance in (None, each.number)]

    def start(self, service=None, instance=None, env=None, wait=True):
        """Start what does not run, all at once; env is added to the shop's own."""
        begun = [each for each in self.chosen(service, instance) if not each.alive()]
        for each in begun:
            self.stopped_by_us.discard(each.name)
            each.start(self.postgres.url(each.service, self.database), self.nats.url(each.service),
                       self.keys.jwks_file, {**self.env, **(env or {})}, wait=False)
        if wait:
            for each in begun:
                each.wait_ready()

    def stop(self, service=None, instance=None, patience=30):
        """Stop gracefully, all at once. Fails when one had to be killed or did not exit with 0."""
        stopped = [each for each in self.chosen(service, instance) if each.alive()]
        for each in stopped:
            self.stopped_by_us.add(each.name)
            each.process.send(signal.SIGCONT)
            each.process.send(signal.SIGTERM)
        late = [each.name for each in stopped if not each.stop(patience)]
        assert not late, f"did not stop within {patience} s of SIGTERM: {late}; logs in {self.folder}"
        codes = {each.name: each.process.exit_code() for each in stopped}
        assert not any(codes.values()), f"exit codes other than 0: {codes}; logs in {self.folder}"

    def kill(self, service=None, instance=None):
        """kill -9."""
        for each in self.chosen(service, instance):
            self.stopped_by_us.add(each.name)
            each.kill9()

    def restart(self, service=None, instance=None, env=None):
        self.stop(service, instance)
        self.start(service, instance, env)

    def pause(self, service=None, instance=None):
        """SIGSTOP."""
        for each in self.chosen(service, instance):
            each.process.send(signal.SIGSTOP)

    def resume(self, service=None, instance=None):
        for each in self.chosen(service, instance):
            each.process.send(signal.SIGCONT)

    def ready(self, service, instance=0):
        return self.instances[service][instance].ready()

    def ops(self, service, path, instance=0, timeout=5):
        """(status, text) of a path on the operations port."""
        return self.instances[service][instance].ops(path, timeout)

    def metric(self, service, name, instance=0, **labels):
        """The sum of a metric's samples that have these labels; None if there is none."""
        found = [float(value) for sample, written, value in
                 re.findall(r"^(\w+)(\{.*\})? (\S+)$", self.ops(service, "/metrics", instance)[1], re.M)
                 if sample == name and all(f'{key}="{text}"' in written for key, text in labels.items())]
        return sum(found) if found else None

    def log(self, service, instance=0):
        """The lines of a service's log, as dicts."""
        text = self.instances[service][instance].log.read_text(errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]

    # -- data ------------------------------------------------------------------------------------

    def connect(self, service="postgres", database=None):
        return psycopg2.connect(self.postgres.url(service, database or self.database))

    def sql(self, service, statement, *values, database=None):
        """Run SQL as a service's own role, or as "postgres" the superuser; the rows, as dicts."""
        with self.connect(service, database) as connection:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, values or None)
                rows = [dict(row) for row in cursor.fetchall()] if cursor.description else []
        connection.close()
        return rows

    def value(self, service, statement, *values):
        """The only value of a one-row statement."""
        row, = self.sql(service, statement, *values)
        value, = row.values()
        return value

    def events(self, service, **params):
        """The feed of a service, from the beginning; params: type, aggregate."""
        return feed(self.clients[service], **params)

    # -- events on their way -----------------------------------------------------------------------

    def consumers(self, source):
        """JetStream's view of the consumers of a service's stream."""
        answer = self.nats.request(f"$JS.API.CONSUMER.LIST.{source.upper()}", {"offset": 0})
        return answer.get("consumers") or []

    def unsettled(self, connection=None):
        """Events that are not published or not applied yet: {"orders outbox": 3, "orders-reservations": 1}; empty when done."""
        waiting, found = {}, set()
        for source in (*self.instances, *self.other_sources):
            for consumer in self.consumers(source):
                found.add(consumer["name"])
                waiting[consumer["name"]] = consumer["num_pending"] + consumer["num_ack_pending"]
        for service in self.instances:
            if any(each.alive() for each in self.instances[service]):
                for name, source in consumers_of(service, self.instances[service][0].build).items():
                    if name not in found and (source in self.instances or source in self.other_sources):
                        waiting[name] = "missing"
        return {name: count for name, count in {**waiting, **self.unpublished(connection)}.items() if count}

    def unpublished(self, connection=None):
        """{"orders outbox": events that the relay has not published}"""
        statement = ", ".join(f"(select count(*) from {service}.event where seq is null)" for service in self.instances)
        opened = connection or self.connect()
        try:
            with opened.cursor() as cursor:
                cursor.execute(f"select {statement}")
                counts = cursor.fetchone()
            opened.rollback()
        finally:
            if not connection:
                opened.close()
        return {f"{service} outbox": count for service, count in zip(self.instances, counts)}

    def settle(self, timeout=30):
        """Wait until no event is on its way, twice in a row: a consumer may have published events itself."""
        end = time.monotonic() + timeout
        quiet, connection = 0, None
        while quiet < 2:
            try:
                connection = connection or self.connect()
                waiting = self.unsettled(connection)
            except (OSError, psycopg2.Error) as fault:
                waiting, connection = {"not reachable": str(fault)}, None
            quiet = 0 if waiting else quiet + 1
            assert quiet or time.monotonic() < end, f"not settled after {timeout} s: {waiting}; logs in {self.folder}"
            if waiting:
                time.sleep(0.02)
        connection.close()

    # -- rules that hold in every test -------------------------------------------------------------

    def canary(self, text):
        """A text that may appear in no log, metric or error."""
        self.canaries.add(text)
        return text

    def person(self, **fields):
        """customer and ship_to of an order, for a new customer whose data are canaries."""
        mark = uuid.uuid4().hex[:10]
        number = str(uuid.uuid4().int)[:9]
        name, phone = self.canary(f"Robin Q{mark}"), self.canary(f"+44{number}")
        email, street = self.canary(f"robin.{mark}@example.org"), self.canary(f"{number[:3]} Canary Row {mark}")
        customer = {"ref": f"c-{mark}", "name": name, "phone": phone, "email": email}
        ship_to = {"name": name, "phone": phone, "country": "GB", "region": "England", "city": "Leeds",
                   "street": street, "postcode": "LS1 4DY"}
        return {"customer": {**customer, **fields}, "ship_to": ship_to}

    def no_canary(self, text, where):
        check_no_canary(text, self.canaries, where)

    def crashes(self):
        return [f"{each.name} crashed ({each.process.exit_code()}):\n{tail(each.log)}" for each in self.chosen()
                if each.process and not each.alive() and each.name not in self.stopped_by_us]

    def faults(self):
        """Crashes and faults in the logs of all instances."""
        logs = (fault_in_log(each.log, self.canaries, self.not_json) for each in self.chosen() if each.process)
        return self.crashes() + [fault for fault in logs if fault]

    def schema_faults(self):
        try:
            return event_schemas.faults(self)
        except psycopg2.Error:          # a test removed the tables or the right to read them
            return []

    def end(self):
        """Stop everything and fail with all faults. The database is dropped, the logs stay."""
        found = self.crashes()
        for each in self.chosen():
            if each.alive() and self.canaries:
                try:
                    self.no_canary(each.ops("/metrics")[1], f"/metrics of {each.name}")
                except AssertionError as fault:
                    found.append(str(fault))
        try:
            self.stop()
        except AssertionError as fault:
            found.append(str(fault))
        finally:
            self.abandon()
        found += self.faults()
        if self.postgres.alive():
            found += self.schema_faults()
            self.postgres.drop_database(self.database)
        assert not found, "\n".join(found)

    def abandon(self):
        """Kill everything."""
        for each in self.chosen():
            self.stopped_by_us.add(each.name)
            each.kill9()
        if self.gateway:
            self.gateway.kill9()
        self.nats.kill9()
        self.nats.wipe()


class Front:
    """The clients again, through the gateway."""

    def __init__(self, shop, role, sub):
        self._clients = {}
        if shop.gateway:
            for service in plan.SERVICES:
                self._clients[service] = shop.client([("127.0.0.1", shop.gateway.port)], role, sub, f"/{service}")

    def __getattr__(self, name):
        try:
            return self.__dict__["_clients"][name]
        except KeyError:
            raise AttributeError(f"{name} (was the shop started with gateway=True?)") from None


@cache
def consumers_of(service, build):
    """{consumer: the service whose events it receives}, as the binary describes itself."""
    done = subprocess.run([plan.binary(service, build), "--asyncapi"], check=True, capture_output=True, text=True)
    found = {}
    for name, operation in json.loads(done.stdout)["operations"].items():
        if operation["action"] == "receive":
            found[name.removeprefix("receive.")] = operation["channel"]["$ref"].rpartition("/")[2].partition(".")[0]
    return found


__all__ = ["Keyring", "Shop"]
