"""Steps of the order tests, and the news that orders hear, said in the place of catalog and fulfillment."""
import json
import uuid
from collections import Counter
from datetime import datetime, timezone

from stack.client import eventually
from stack.nats import OPERATOR, Connection


class News:
    """Speaks for services that are not there, in the shapes of docs/events.md; versions count by themselves."""

    def __init__(self, shop):
        self.shop = shop
        self.versions = Counter()
        self.speaker = self.speaks_to = None
        for service in ("catalog", "fulfillment"):
            shop.nats.request(f"$JS.API.STREAM.CREATE.{service.upper()}",
                              {"name": service.upper(), "subjects": [f"{service}.>"], "storage": "file",
                               "retention": "limits", "max_consumers": -1, "max_msgs": -1, "max_bytes": 100000000,
                               "max_age": 0, "max_msg_size": -1, "discard": "new", "num_replicas": 1,
                               "duplicate_window": 120000000000})

    def say(self, type_, id_, data, version=None):
        service, aggregate, _ = type_.split(".")
        if version is None:
            self.versions[aggregate, id_] += 1
            version = self.versions[aggregate, id_]
        event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": f"/{service}", "type": type_,
                 "subject": id_, "time": now(), "datacontenttype": "application/json", "aggregate": aggregate,
                 "aggregateversion": version, "actor": "test", "traceparent": f"00-{uuid.uuid4().hex}-{'1' * 16}-01",
                 "data": data}
        self.connection().request(type_, json.dumps(event).encode(), {"Nats-Msg-Id": event["id"]})
        return event

    def connection(self):
        """One for as long as nats-server runs."""
        nats = self.shop.nats
        if self.speaks_to != nats.process:
            self.speaker = Connection(nats.port, OPERATOR, nats.passwords[OPERATOR], timeout=5)
            self.speaks_to = nats.process
        return self.speaker

    # -- catalog -----------------------------------------------------------------------------------

    def product(self, *variants, id_=None, verb="published", wait=True):
        """variants: (sku, price) or (sku, price, {more}). Until the price list has them."""
        id_ = id_ or str(uuid.uuid4())
        rows = [{"sku": sku, "barcode": sku, "title": f"Nice {sku}", "price": price, "currency": "GBP",
                 "weight_g": 100, "stocked": True, **(more[0] if more else {})} for sku, price, *more in variants]
        self.say(f"catalog.product.{verb}", id_, {"id": id_, "status": verb, "title": "Things", "category": "all",
                                                  "channels": ["web"], "variants": rows})
        for row in rows if wait else ():
            eventually(lambda: self.listed(row["sku"])["price"] == row["price"]
                       and self.listed(row["sku"])["sellable"] == (verb == "published"))
        return id_

    def listed(self, sku):
        return self.shop.orders.get(f"/v1/prices/{sku}").expect(200)

    def reservation(self, order, verb="held", reserved=None, taken=0):
        """What catalog says of an order's stock; reserved: units of each line, default all of them."""
        id_ = order["id"][:-12] + "00000000000a"            # one reservation an order
        lines = [{"sku": line["sku"], "quantity": line["quantity"],
                  "reserved": 0 if verb in ("short", "released", "taken") else
                  line["quantity"] if reserved is None else min(reserved, line["quantity"]),
                  "taken": line["quantity"] if verb == "taken" else taken}
                 for line in order["lines"] if line["stocked"]]
        allocation = [{"sku": line["sku"], "warehouse": "main", "quantity": line["reserved"] + line["taken"]}
                      for line in lines if line["reserved"] + line["taken"]]
        return self.say(f"catalog.reservation.{verb}", id_, {"id": id_, "order_id": order["id"], "status": verb,
                                                             "lines": lines, "allocation": allocation})

    # -- fulfillment -------------------------------------------------------------------------------

    def shipment(self, order, verb, id_=None, lines=None, status=None, **more):
        """What fulfilment says of a parcel; lines: (sku, quantity), default the whole order. Its id."""
        id_ = id_ or str(uuid.uuid4())
        rows = lines if lines is not None else [(line["sku"], line["quantity"]) for line in order["lines"]
                                                if line["stocked"]]
        status = status or {"created": "pending", "cancel_refused": "shipped"}.get(verb, verb)
        gone = status in ("shipped", "delivered")
        data = {"id": id_, "number": f"SH-{id_[:6]}", "order_id": order["id"], "order_number": order["number"],
                "status": status, "warehouse": "main", "carrier": "royal-mail" if gone else None,
                "tracking_number": f"RM{id_[:8]}" if gone else None, "shipped_at": now() if gone else None,
                "delivered_at": now() if status == "delivered" else None,
                "lines": [{"sku": sku, "barcode": sku, "quantity": quantity, "scanned": quantity if gone else 0}
                          for sku, quantity in rows], **more}
        self.say(f"fulfillment.shipment.{verb}", id_, data)
        return id_


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- what tests do with orders all the time -------------------------------------------------------------------------

def cart(shop, *lines, **more):
    return shop.workflow.order_body(lines, **{"paid": False, **more})


def place(shop, *lines, **more):
    return shop.orders.post("/v1/orders", cart(shop, *lines, **more), role="storefront").expect(201)


def read(shop, order):
    return shop.orders.get(f"/v1/orders/{order['id']}").expect(200)


def wait(shop, order, **fields):
    return shop.workflow.wait_order(order["id"], 10, **fields)


def types(shop, order):
    steps = shop.orders.get(f"/v1/orders/{order['id']}/timeline").expect(200)["data"]
    return [step["type"].removeprefix("orders.order.") for step in steps]


def do(shop, order, action, body=None, **options):
    return shop.orders.post(f"/v1/orders/{order['id']}/{action}", body, **options)


def confirmed(shop, news, *lines, **more):
    order = place(shop, *lines, **more)
    do(shop, order, "payments", {"method": "card", "amount": order["total"], "reference": "all"})
    news.reservation(order)
    return wait(shop, order, status="confirmed")
