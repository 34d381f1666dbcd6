"""A whole Backroom for a test file: real services, a nats-server of its own, a database of its own.

    def test_a_paid_order_confirms_itself(shop):
        shop.workflow.publish({"sku": "MUG", "price": 450})
        shop.workflow.book_in("MUG", 10)
        order = shop.workflow.order([("MUG", 2)])
        eventually(lambda: shop.orders.get(f"/v1/orders/{order['id']}").json["status"] == "confirmed")

See Shop for everything a test may do to it.
"""
import json
import re
import signal
import time
import urllib.parse
import uuid
from pathlib import Path

import jwt
import psycopg2
import psycopg2.extras

import event_schemas as said
from stack import keys, plan
from stack.reconcile import feed
from stack.client import Client
from stack.gateway import Gateway
from stack.nats import Nats, new_passwords
from stack.process import free_ports, tail
from stack.workflow import Workflow
from stack.service import Instance

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|: runtime error:")


class Keys:
    """The key pair of a test run, and the tokens made with it."""

    def __init__(self, folder, build):
        self.folder = Path(folder)
        self.build = build
        self.issued = {}
        keys.make(self.folder, build)

    @property
    def jwks_file(self):
        return self.folder / "jwks.json"

    def token(self, role, sub):
        """A token as backroom-token makes it, one for each role and subject."""
        if (role, sub) not in self.issued:
            self.issued[role, sub] = keys.issue(self.folder, role, sub, 86400, self.build)
        return self.issued[role, sub]

    def forge(self, claims=None, headers=None, key=None, algorithm="ES256", drop=(), role="admin", sub="ann"):
        """A token that differs from an issued one in what is given: for tests of what must be refused."""
        good = self.token(role, sub)
        body = {**jwt.decode(good, options={"verify_signature": False}), **(claims or {})}
        head = {**jwt.get_unverified_header(good), **(headers or {})}
        head.pop("alg", None)
        if key is None and algorithm == "ES256":
            private = json.loads((self.folder / "private.json").read_text())
            private = private["keys"][0] if "keys" in private else private
            key = jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(private))
        return jwt.encode({name: value for name, value in body.items() if name not in drop}, key, algorithm, head)


class Shop:
    """The five services over one database and one nats-server.

    shop.catalog … shop.analytics   a Client each (get, post, put, patch, delete, all, stream), over all
                                    instances in turn; .as_(role, sub) is the same for somebody else
    shop.front.orders …             the same through the gateway, if it was started with gateway=True
    shop.workflow                       the steps of the main job (stack/workflow.py)
    shop.start/stop/kill/restart/pause/resume(service, instance)   without arguments: all of them
    shop.nats, shop.postgres        .kill9() .stop() .start(), nats.wipe(), nats.request(), nats.publish()
    shop.sql(service, statement, *values)      as that service's own role; rows as dicts
    shop.settle()                   wait until every event has been published and dealt with
    shop.person()                   a customer nobody else has; its data may not appear in any log
    """

    def __init__(self, cluster, keyring, folder, instances=1, env=None, gateway=False, build="build",
                 services=plan.SERVICES, role="admin", sub="ann"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres = cluster
        self.keys = keyring
        self.env = dict(env or {})
        self.canaries = set()
        self.strays = []            # log lines that are allowed not to be JSON: regular expressions
        self.stopped_by_us = set()
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
        return Client(addresses, self.keys.token, role, sub, prefix, inspect=self.inspect)

    def knows_price(self, sku):
        """Whoever publishes and orders at once must not be faster than the news; unless there is nobody to hear it."""
        hearing = [each for each in self.instances.get("orders", []) if each.alive() and each.ready()]
        if not hearing or not self.nats.alive() or "catalog" not in self.instances:
            return True
        found = self.orders.get(f"/v1/prices/{urllib.parse.quote(sku, safe='')}", role="admin")
        return found.status == 200 and found.json["sellable"]

    # -- processes -------------------------------------------------------------------------------

    def begin(self):
        """Everything that is needed, from nothing."""
        self.nats.start()
        self.start()
        if self.gateway:
            self.gateway.start()
        return self

    def chosen(self, service=None, instance=None):
        names = [service] if service else list(self.instances)
        return [each for name in names for each in self.instances[name] if instance in (None, each.number)]

    def start(self, service=None, instance=None, env=None, wait=True):
        """Start what does not run, all at once; env adds to what this shop's services are started with."""
        begun = [each for each in self.chosen(service, instance) if not each.alive()]
        for each in begun:
            self.stopped_by_us.discard(each.name)
            each.start(self.postgres.url(each.service, self.database), self.nats.url(each.service),
                       self.keys.jwks_file, {**self.env, **(env or {})}, wait=False)
        if wait:
            for each in begun:
                each.wait_ready()

    def stop(self, service=None, instance=None, patience=30):
        """Gracefully, all at once. Fails when one had to be forced or did not end with 0."""
        asked = [each for each in self.chosen(service, instance) if each.alive()]
        for each in asked:
            self.stopped_by_us.add(each.name)
            each.process.send(signal.SIGCONT)
            each.process.send(signal.SIGTERM)
        late = [each.name for each in asked if not each.stop(patience)]
        assert not late, f"did not stop within {patience} s of SIGTERM: {late}; logs in {self.folder}"
        codes = {each.name: each.process.exit_code() for each in asked}
        assert not any(codes.values()), f"ended with another code than 0: {codes}; logs in {self.folder}"

    def kill(self, service=None, instance=None):
        """kill -9."""
        for each in self.chosen(service, instance):
            self.stopped_by_us.add(each.name)
            each.kill9()

    def restart(self, service=None, instance=None, env=None):
        self.stop(service, instance)
        self.start(service, instance, env)

    def pause(self, service=None, instance=None):
        """SIGSTOP: it is there but says nothing."""
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

    def sql(self, service, statement, *values, database=None):
        """Run SQL as a service's own role, or as "postgres" the superuser; the rows, as dicts."""
        with psycopg2.connect(self.postgres.url(service, database or self.database)) as connection:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, values or None)
                rows = [dict(row) for row in cursor.fetchall()] if cursor.description else []
        connection.close()
        return rows

    def value(self, service, statement, *values):
        """The one value of a one-row statement."""
        row, = self.sql(service, statement, *values)
        value, = row.values()
        return value

    def events(self, service, **params):
        """The feed of a service, from the beginning; params: type, aggregate."""
        return feed(self.clients[service], **params)

    def unsettled(self):
        """What is still on its way: {"orders outbox": 3, "orders-reservations": 1}; empty when all is done."""
        waiting = {}
        for service in self.instances:
            unpublished = self.value(service, "select count(*) from event where seq is null")
            if unpublished:
                waiting[f"{service} outbox"] = unpublished
            for consumer in self.consumers(service):
                left = consumer["num_pending"] + consumer["num_ack_pending"]
                if left:
                    waiting[consumer["name"]] = left
        return waiting

    def consumers(self, service):
        """JetStream's view of whoever listens to a service."""
        answer = self.nats.request(f"$JS.API.CONSUMER.LIST.{service.upper()}", {"offset": 0})
        return answer.get("consumers") or []

    def settle(self, timeout=30):
        """Until nothing is on its way, twice in a row: what a consumer did may have become news itself."""
        end = time.monotonic() + timeout
        quiet = 0
        while quiet < 2:
            try:
                waiting = self.unsettled()
            except (OSError, psycopg2.Error) as fault:
                waiting = {"not reachable": str(fault)}
            quiet = 0 if waiting else quiet + 1
            assert quiet or time.monotonic() < end, f"still on its way after {timeout} s: {waiting}; logs in {self.folder}"
            time.sleep(0.05)

    # -- rules of the house, checked all along -----------------------------------------------------

    def canary(self, text):
        """A text that may never be seen in a log, a metric or an error."""
        self.canaries.add(text)
        return text

    def person(self, **fields):
        """customer and ship_to of an order, for somebody new whose data are canaries."""
        mark = uuid.uuid4().hex[:10]
        number = str(uuid.uuid4().int)[:9]
        name, phone = self.canary(f"Robin Q{mark}"), self.canary(f"+44{number}")
        email, street = self.canary(f"robin.{mark}@example.org"), self.canary(f"{number[:3]} Canary Row {mark}")
        customer = {"ref": f"c-{mark}", "name": name, "phone": phone, "email": email}
        ship_to = {"name": name, "phone": phone, "country": "GB", "region": "England", "city": "Leeds",
                   "street": street, "postcode": "LS1 4DY"}
        return {"customer": {**customer, **fields}, "ship_to": ship_to}

    def inspect(self, answer):
        """Every error is a problem with a code and a trace, and tells nobody's personal data."""
        if answer.status < 400 or answer.method == "HEAD":
            return
        where = f"{answer.method} {answer.path} -> {answer.status} {answer.text[:500]}"
        assert answer.headers.get("Content-Type", "").startswith("application/problem+json"), where
        problem = answer.json
        assert problem["status"] == answer.status, where
        assert re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", problem["code"]), where
        assert problem.get("title") and problem.get("trace_id"), where
        assert isinstance(problem.get("errors", []), list), where
        assert not re.search(r"\b(select|insert into|update|delete from|relation|constraint)\b .* ", answer.text,
                             re.I), f"SQL in an error: {where}"
        self.no_canary(answer.text, where)

    def no_canary(self, text, where):
        for canary in tuple(self.canaries):          # other threads make more of them
            assert canary not in text, f"personal data {canary!r} in {where}"

    def faults(self):
        """What the processes did wrong that no test asked for: crashes, log lines, leaks of data."""
        found = []
        for each in self.chosen():
            if each.process is None:
                continue
            if not each.alive() and each.name not in self.stopped_by_us:
                found.append(f"{each.name} died by itself ({each.process.exit_code()}):\n{tail(each.log)}")
            found += self.faults_in_log(each)
        return found

    def faults_in_log(self, instance):
        raw = instance.log.read_bytes() if instance.log.exists() else b""
        lines = raw.decode("utf-8", errors="replace").split("\n")
        for number, line in enumerate(lines, 1):
            if SANITIZER_REPORT.search(line):
                return [f"sanitizer report in {instance.log}:{number}:\n" + "\n".join(lines[number - 1:number + 30])]
        lines.pop()             # the last is empty, or was cut off by a kill
        for number, line in enumerate(lines, 1):
            where = f"{instance.log}:{number}"
            if any(re.search(stray, line) for stray in self.strays):
                continue
            try:
                fits = isinstance(json.loads(line), dict)
            except ValueError:
                fits = False
            if not fits:
                return [f"not one JSON object in {where}: {line[:300]!r}"]
            for canary in tuple(self.canaries):
                if canary in line:
                    return [f"personal data {canary!r} in {where}: {line[:300]}"]
        return []

    def end(self):
        """Stop everything and tell what was wrong. The database goes, the logs stay."""
        found = []
        for each in self.chosen():
            if each.alive() and self.canaries:
                try:
                    self.no_canary(each.ops("/metrics")[1], f"/metrics of {each.name}")
                except AssertionError as fault:
                    found.append(str(fault))
        found += [fault for fault in self.faults() if "died by itself" in fault]
        try:
            self.stop()
        except AssertionError as fault:
            found.append(str(fault))
        finally:
            self.abandon()
        found += [fault for fault in self.faults() if "died by itself" not in fault]
        if self.postgres.alive():
            found += self.said_wrongly()
            self.postgres.drop_database(self.database)
        assert not found, "\n".join(found)

    def said_wrongly(self):
        try:
            return said.faults(self)
        except psycopg2.Error:          # a test took away the tables or the right to read them
            return []

    def abandon(self):
        """At once, whatever state it is in."""
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
