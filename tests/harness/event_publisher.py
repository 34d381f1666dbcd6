"""Publishes events in place of services that a test does not start, as their relays do (docs/reference/events.md).

    publisher = EventPublisher(shop)
    order = publisher.place(("MUG", 2, 450))                # orders.order.placed
    publisher.change(order, "cancelled", status="cancelled")
    publisher.settle()                                      # until the services have applied all of it

Every event is the next version of its aggregate unless a version is given, and is kept in publisher.events; with
send=False it is only kept, and sent later, in any order and any number of times.
"""
import json
import threading
import uuid
from collections import Counter
from datetime import datetime, timezone
from typing import NamedTuple

from stack import plan
from stack.client import eventually
from stack.nats import OPERATOR, Connection
from stack.workflow import barcode_of
from streams import create_stream

DEFAULT_LINES = (("MUG", 1, 450),)
SHIPMENT_STEPS = ("created", "waved", "packed", "shipped", "delivered")


def rfc3339(at):
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def utc_now():
    return datetime.now(timezone.utc)


class Event(NamedTuple):
    subject: str
    payload: bytes
    id: str
    aggregate_id: str

    @property
    def data(self):
        return json.loads(self.payload)["data"]


class EventPublisher:
    def __init__(self, shop, *services):
        """services: those whose events are published; without any, all that the shop does not run."""
        self.shop = shop
        self.versions = Counter()
        self.events = []            # all that were made, in order
        self.last = None            # the latest time of an event
        self.lock = threading.Lock()
        self.local = threading.local()
        for service in services or [each for each in plan.SERVICES if each not in shop.instances]:
            create_stream(shop.nats, service)
            shop.other_sources.add(service)

    # -- events ------------------------------------------------------------------------------------

    def event(self, type_, id_, data, private=None, version=None, at=None):
        """The next event of an aggregate, not sent yet."""
        service, aggregate, _ = type_.split(".")
        at = at or utc_now()
        with self.lock:
            self.versions[id_] = version = version or self.versions[id_] + 1
            self.last = max(self.last or at, at)
        trace = uuid.uuid4().hex
        body = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": f"/{service}", "type": type_, "subject": id_,
                "time": rfc3339(at), "datacontenttype": "application/json", "aggregate": aggregate,
                "aggregateversion": version, "actor": "test", "traceparent": f"00-{trace}-{trace[:16]}-01", "data": data}
        if private:
            body["private"] = private
        made = Event(type_, json.dumps(body).encode(), body["id"], id_)
        self.events.append(made)
        return made

    def send(self, *events, headers=None):
        """Publish events, each acknowledged by JetStream. Without Nats-Msg-Id: a repeated event reaches the consumers."""
        for event in events:
            answer = json.loads(self.connection().request(event.subject, event.payload, headers))
            assert "seq" in answer, answer

    def publish(self, type_, id_, data, private=None, version=None, at=None, send=True):
        made = self.event(type_, id_, data, private, version, at)
        if send:
            self.send(made)
        return made

    def connection(self):
        """One for each thread, for as long as nats-server runs."""
        nats = self.shop.nats
        if getattr(self.local, "server", None) != nats.process:
            self.local.server = nats.process
            self.local.connection = Connection(nats.port, OPERATOR, nats.passwords[OPERATOR], timeout=10)
        return self.local.connection

    def settle(self, timeout=60):
        """Wait until the services have applied these events and published their own."""
        self.shop.settle(timeout)

    # -- catalog -----------------------------------------------------------------------------------

    def product(self, *variants, id_=None, verb="published", wait=True, title="Things"):
        """A product event; variants: sku, (sku, price) or (sku, price, {more}). Waits until orders has the prices. Its id."""
        id_ = id_ or str(uuid.uuid4())
        rows = [variant_of(*([each] if isinstance(each, str) else each)) for each in variants]
        self.publish(f"catalog.product.{verb}", id_, {"id": id_, "status": verb, "title": title, "category": "all",
                                                      "channels": ["web"], "variants": rows})
        for row in rows if wait and "orders" in self.shop.instances else ():
            eventually(lambda: self.price(row["sku"])["price"] == row["price"]
                       and self.price(row["sku"])["sellable"] == (verb == "published"))
        return id_

    def price(self, sku):
        return self.shop.orders.get(f"/v1/prices/{sku}").expect(200)

    def reservation(self, order, verb="held", reserved=None, taken=0):
        """A reservation event of an order; reserved: units of each line, default all of them."""
        id_ = order["id"][:-12] + "00000000000a"            # one reservation for each order
        lines = [{"sku": line["sku"], "quantity": line["quantity"],
                  "reserved": 0 if verb in ("short", "released", "taken") else
                  line["quantity"] if reserved is None else min(reserved, line["quantity"]),
                  "taken": line["quantity"] if verb == "taken" else taken}
                 for line in order["lines"] if line["stocked"]]
        allocation = [{"sku": line["sku"], "warehouse": "main", "quantity": line["reserved"] + line["taken"]}
                      for line in lines if line["reserved"] + line["taken"]]
        return self.publish(f"catalog.reservation.{verb}", id_, {"id": id_, "order_id": order["id"], "status": verb,
                                                                 "lines": lines, "allocation": allocation})

    def stock_moved(self, sku, quantity, at, send=True):
        """A stock movement; its data."""
        id_ = str(uuid.uuid4())
        data = {"id": id_, "sku": sku, "warehouse": "main", "quantity": quantity,
                "reason": "received" if quantity > 0 else "shipped", "reference": None, "actor": "test", "created_at": rfc3339(at)}
        self.publish("catalog.stock.moved", id_, data, at=at, send=send)
        return data

    # -- orders ------------------------------------------------------------------------------------

    def new_order(self, *lines, warehouse=None, allocation=None, **fields):
        """The data of an order that is not published yet. lines: (sku, quantity), (sku, quantity, unit_price) or
        (sku, quantity, {more}). allocation: (sku, warehouse, quantity), default all stocked lines in the warehouse, if one is given."""
        id_ = fields.pop("id", None) or str(uuid.uuid4())
        rows = [line_of(place, *each) for place, each in enumerate(lines or DEFAULT_LINES, 1)]
        if allocation is None:
            allocation = [(row["sku"], warehouse, row["quantity"]) for row in rows if warehouse and row["stocked"]]
        return {"id": id_, "number": f"SO-{id_[:8]}", "channel": "web", "channel_ref": id_[:12], "customer_ref": "c-1",
                "currency": "GBP", "status": "placed", "stock_status": "pending", "payment_status": "unpaid",
                "placed_at": rfc3339(utc_now()), "discount": 0, "shipping_fee": 0, "total": 0, "paid": 0, "refunded": 0,
                "allow_partial": False, "lines": rows,
                "allocation": [dict(zip(("sku", "warehouse", "quantity"), each)) for each in allocation], **fields}

    def place(self, *lines, at=None, placed_at=None, send=True, person=True, country="GB", **fields):
        """A placed order of a new person; its data, with the country of the personal data beside them."""
        at = at or utc_now()
        order = self.new_order(*lines, placed_at=rfc3339(moment(placed_at) if placed_at else at), **fields)
        if person is True:
            person = self.shop.person()
            person["ship_to"]["country"] = country
        self.publish("orders.order.placed", order["id"], order, person, at=at, send=send)
        return {**order, "country": country}

    def order_event(self, order, verb):
        """The next event of an order, not sent yet; its status is the verb."""
        return self.event(f"orders.order.{verb}", order["id"], {**published(order), "status": verb})

    def change(self, order, verb, at=None, send=True, private=None, **changes):
        """Publish the next event of an order and keep the changes in its data."""
        order.update(changes)
        return self.publish(f"orders.order.{verb}", order["id"], published(order), private, at=at, send=send)

    def cancel(self, order):
        self.send(self.order_event(order, "cancelled"))

    def refund(self, order, amount, refunded_at=None, at=None, send=True, **changes):
        """A refund that was paid; its data."""
        at = at or utc_now()
        id_ = str(uuid.uuid4())
        data = {"id": id_, "order_id": order["id"], "order_number": order["number"], "channel": order["channel"],
                "currency": order["currency"], "amount": amount, "reason": "broken", "reference": id_[:8],
                "refunded_at": rfc3339(moment(refunded_at) if refunded_at else at), "lines": [], **changes}
        self.publish("orders.refund.paid", id_, data, at=at, send=send)
        return data

    # -- fulfillment -------------------------------------------------------------------------------

    def shipment_event(self, order, verb, id_, lines=None, status=None, at=None, **more):
        """The next event of a shipment, not sent yet; lines: (sku, quantity), default the stocked lines of the order."""
        status = status or {"created": "pending", "cancel_refused": "shipped"}.get(verb, verb)
        shipped = status in ("shipped", "delivered")
        if lines is None:
            lines = [(line["sku"], line["quantity"]) for line in order.get("lines", ()) if line["stocked"]]
        data = {"id": id_, "number": f"SH-{id_[:6]}", "order_id": order["id"], "order_number": order.get("number", "N1"),
                "status": status, "warehouse": "main", "carrier": "royal-mail" if shipped else None,
                "tracking_number": f"RM{id_[:8]}" if shipped else None, "shipped_at": rfc3339(utc_now()) if shipped else None,
                "delivered_at": rfc3339(utc_now()) if status == "delivered" else None,
                "lines": [{"sku": sku, "barcode": sku, "quantity": quantity, "scanned": quantity if shipped else 0}
                          for sku, quantity in lines], **more}
        return self.event(f"fulfillment.shipment.{verb}", id_, data, at=at)

    def shipment(self, order, verb, id_=None, **more):
        """Publish a shipment event; the shipment's id."""
        id_ = id_ or str(uuid.uuid4())
        self.send(self.shipment_event(order, verb, id_, **more))
        return id_

    def shipment_events(self, order, *lines, until="shipped", **more):
        """The events of a new shipment up to a step, not sent yet."""
        id_, steps = str(uuid.uuid4()), SHIPMENT_STEPS[:SHIPMENT_STEPS.index(until) + 1]
        return [self.shipment_event(order, verb, id_, lines, **more) for verb in steps]

    def ship(self, order, *lines, until="shipped", **more):
        """Publish the events of a new shipment up to a step; the events."""
        made = self.shipment_events(order, *lines, until=until, **more)
        self.send(*made)
        return made


def variant_of(sku, price=100, more=None):
    return {"sku": sku, "barcode": barcode_of(sku), "title": f"Nice {sku}", "price": price, "currency": "GBP", "weight_g": 100,
            "stocked": True, **(more or {})}


def line_of(place, sku, quantity, more=100):
    return {"line": place, "sku": sku, "quantity": quantity, "unit_price": 100, "stocked": True,
            **(more if isinstance(more, dict) else {"unit_price": more})}


def published(order):
    return {name: value for name, value in order.items() if name != "country"}
