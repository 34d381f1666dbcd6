"""Many clients at work, and the history of the responses they got.

Each step leaves a unique mark in the database (a reference, a subject), so that its effects can be counted afterwards: a
step with the outcome `ok` is there once, `refused` never, `unknown` (no response, or 5xx) once or never.
"""
import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from stack.workflow import barcode_of

CUSTOMERS, STAFF = 4, 3
SKUS = ("MUG", "CUP", "JUG", "HOT")
STOCK = {"MUG": 100000, "CUP": 100000, "JUG": 100000, "HOT": 25}


@dataclass
class Step:
    what: str
    mark: str
    service: str
    path: str
    body: dict
    outcome: str = "unknown"
    answer: dict = field(default=None, repr=False)
    status: int = 0

    @property
    def key(self):
        return f"{self.what}-{self.mark}"


class Traffic:
    def __init__(self, shop, chance, clients=None):
        """clients: a Client for each service, the shop's own or those of its gateway."""
        self.shop, self.chance, self.clients = shop, chance, clients or shop.clients
        self.run = f"{chance.getrandbits(40):x}"            # part of the marks of this run
        self.steps, self.lock, self.over = [], threading.Lock(), threading.Event()
        self.number, self.orders, self.unpaid = 0, [], []
        self.threads, self.broken = [], []
        self.slowest = 0

    def open_shop(self):
        """Products with plenty of stock, except for one."""
        workflow = self.shop.workflow
        if self.shop.orders.get(f"/v1/prices/{SKUS[-1]}").status == 200:
            return self
        workflow.publish(*[{"sku": sku, "price": 450} for sku in SKUS])
        for sku, quantity in STOCK.items():
            workflow.book_in(sku, quantity)
        end = time.monotonic() + 20
        while any(self.shop.orders.get(f"/v1/prices/{sku}").status != 200 for sku in SKUS):
            assert time.monotonic() < end, "orders did not receive the prices"
            time.sleep(0.05)
        return self

    # -- threads -----------------------------------------------------------------------------------

    def __enter__(self):
        jobs = [self.customer] * CUSTOMERS + [self.staff] * STAFF
        for number, job in enumerate(jobs):
            chance = type(self.chance)(f"{self.chance.random()} {number}")
            self.threads.append(threading.Thread(target=self._loop, args=(job, chance), daemon=True))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        self.threads = []

    def _loop(self, job, chance):
        while not self.over.is_set():
            try:
                job(chance)
            except Exception as fault:                              # reported by the test
                self.broken.append(repr(fault)[:500])
                return
            time.sleep(chance.random() * 0.02)

    # -- one step ----------------------------------------------------------------------------------

    def step(self, what, service, path, **body):
        """path and the values of body may hold {mark}."""
        with self.lock:
            self.number += 1
            mark = f"{what}-{self.run}-{self.number}"
            body = {name: value.replace("{mark}", mark) if isinstance(value, str) else value for name, value in body.items()}
            made = Step(what, mark, service, path, body)
            self.steps.append(made)
        return self.send(made)

    def send(self, step):
        began = time.monotonic()
        try:
            answer = self.clients[step.service].post(step.path, step.body, key=step.key, timeout=15)
        except (OSError, http.client.HTTPException):
            return step
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        step.status = answer.status
        if answer.status < 500:
            step.outcome = "ok" if answer.status < 300 else "refused"
            step.answer = answer.json
        return step

    def read(self, service, path, **params):
        """The items of a list, or none if it cannot be read."""
        try:
            answer = self.clients[service].get(path, params=params, timeout=15)
        except (OSError, http.client.HTTPException):
            return []
        return answer.json["data"] if answer.status == 200 else []

    # -- customers and staff -----------------------------------------------------------------------------

    def customer(self, chance):
        roll = chance.random()
        if roll < 0.5 or not self.orders:
            self.place(chance)
        elif roll < 0.75 and self.unpaid:
            self.pay(chance)
        elif roll < 0.87:
            self.step("cancel", "orders", f"/v1/orders/{chance.choice(self.orders)}/cancel", reason="{mark}")
        else:
            self.step("ticket", "support", "/v1/tickets", subject="{mark}", body="Where is it?", channel="mail")

    def place(self, chance):
        lines = [(sku, chance.randrange(1, 4)) for sku in chance.sample(SKUS, chance.randrange(1, 3))]
        paid = 450 * sum(quantity for _, quantity in lines) if chance.random() < 0.5 else False
        body = self.shop.workflow.order_body(lines, ref="{mark}", paid=paid)
        body.pop("payment", None)
        if paid:
            body["payment"] = {"method": "card", "amount": paid, "reference": "with-order"}
        done = self.step("place", "orders", "/v1/orders", **body)
        if done.outcome == "ok":
            self.orders.append(done.answer["id"])
            if not paid:
                self.unpaid.append((done.answer["id"], done.answer["total"]))

    def pay(self, chance):
        order, total = chance.choice(self.unpaid)
        self.step("pay", "orders", f"/v1/orders/{order}/payments", method="card", amount=total, reference="{mark}")

    def staff(self, chance):
        roll = chance.random()
        if roll < 0.2:
            self.step("book", "catalog", "/v1/stock/movements", sku=chance.choice(SKUS[:3]), warehouse="main", quantity=3,
                      reason="received", reference="{mark}")
        elif roll < 0.35 and self.orders:
            order = chance.choice(self.orders)
            self.step("hold", "orders", f"/v1/orders/{order}/hold", reason="{mark}")
            self.step("release", "orders", f"/v1/orders/{order}/release")
        elif roll < 0.45:
            self.step("wave", "fulfillment", "/v1/waves", warehouse="main")
        elif roll < 0.46:
            self.step("rebuild", "analytics", "/v1/rebuild")
        else:
            self.pack(chance)

    def pack(self, chance):
        ready = self.read("fulfillment", "/v1/shipments", status="packed", limit=20)
        if ready and chance.random() < 0.6:
            self.step("ship", "fulfillment", f"/v1/shipments/{chance.choice(ready)['id']}/ship", carrier="dhl",
                      tracking_number="{mark}")
            return
        for shipment in self.read("fulfillment", "/v1/shipments", status="waved", limit=5):
            for line in shipment["lines"]:
                if line["quantity"] > line["scanned"]:
                    self.step("scan", "fulfillment", f"/v1/shipments/{shipment['id']}/scans",
                              barcode=barcode_of(line["sku"]), quantity=line["quantity"] - line["scanned"])

    # -- afterwards --------------------------------------------------------------------------------

    def retry_unknown(self):
        """Retry every second step without a response, with the same key; the other half shows that a step without a
        response has all of its effects or none."""
        for number, step in enumerate(each for each in self.steps if each.outcome == "unknown"):
            if number % 2 == 0:
                self.send(step)

    def counts(self):
        return Counter(step.outcome for step in self.steps)

    def steps_of(self, what):
        return [step for step in self.steps if step.what == what]
