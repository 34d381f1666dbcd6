"""What the other services say, said by a test: events as their relays publish them, and an independent count of sales.

    news = News(shop)
    order = news.order(lines=[("MUG", 2, 450)])         # placed
    news.step(order, "cancelled")
    news.heard()                                        # until analytics has dealt with all of it
"""
import json
import time
import uuid
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from stack.nats import Connection

STREAMS = ("catalog", "orders", "fulfillment", "support")


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def rfc3339(at):
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


class News:
    def __init__(self, shop):
        self.shop = shop
        self.versions = defaultdict(int)
        self.said = []          # (subject, payload, message id) as published
        self.last = None        # time of the latest event
        self.connection = None
        for service in STREAMS:
            answer = shop.nats.request(f"$JS.API.STREAM.CREATE.{service.upper()}", {
                "name": service.upper(), "subjects": [f"{service}.>"], "retention": "limits", "storage": "file",
                "discard": "new", "num_replicas": 1, "max_consumers": -1, "max_msgs": -1, "max_bytes": -1,
                "max_age": 0, "max_msg_size": -1, "duplicate_window": 1_000_000_000})
            assert "error" not in answer or answer["error"]["err_code"] == 10058, answer

    def move(self, sku, quantity, at, publish=True):
        """Stock goes in or out."""
        id_ = str(uuid.uuid4())
        data = {"id": id_, "sku": sku, "warehouse": "main", "quantity": quantity, "reason": "received" if quantity > 0 else "shipped",
                "reference": None, "actor": "test", "created_at": rfc3339(at)}
        self.say("catalog.stock.moved", id_, data, at, publish)
        return data

    # -- publishing --------------------------------------------------------------------------------

    def envelope(self, type_, aggregate_id, data, at, private=None, version=None, id_=None):
        service, aggregate, _ = type_.split(".")
        if version is None:
            self.versions[aggregate_id] += 1
            version = self.versions[aggregate_id]
        self.last = max(self.last or at, at)
        body = {"specversion": "1.0", "id": id_ or str(uuid.uuid4()), "source": f"/{service}", "type": type_,
                "subject": aggregate_id, "time": rfc3339(at), "datacontenttype": "application/json",
                "aggregate": aggregate, "aggregateversion": version, "actor": "test",
                "traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01", "data": data}
        if private:
            body["private"] = private
        return body

    def say(self, type_, aggregate_id, data, at=None, publish=True, **more):
        body = self.envelope(type_, aggregate_id, data, at or datetime.now(timezone.utc), **more)
        self.said.append((type_, json.dumps(body).encode(), body["id"]))
        if publish:
            self.publish(*self.said[-1])
        return body

    def publish(self, subject, payload, message_id=None):
        if self.connection is None:
            self.connection = Connection(self.shop.nats.port, "operator", self.shop.nats.passwords["operator"], 10)
        headers = {"Nats-Msg-Id": message_id} if message_id else None
        answer = json.loads(self.connection.request(subject, payload, headers))
        assert "error" not in answer, answer

    def order(self, lines=(("MUG", 1, 450),), placed_at=None, at=None, publish=True, **data):
        """An order, placed. lines: (sku, quantity, unit_price)."""
        at = at or datetime.now(timezone.utc)
        id_ = data.pop("id", None) or str(uuid.uuid4())
        country = data.pop("country", "GB")
        order = {"id": id_, "number": data.pop("number", f"O-{id_[:8]}"), "channel": "web", "channel_ref": id_[:12],
                 "customer_ref": "c-1", "currency": "GBP", "status": "placed", "stock_status": "pending",
                 "payment_status": "unpaid", "placed_at": rfc3339(moment(placed_at) if placed_at else at),
                 "discount": 0, "shipping_fee": 0, "paid": 0, "refunded": 0, "allow_partial": False,
                 "lines": [{"line": n, "sku": sku, "quantity": quantity, "unit_price": price, "stocked": True}
                           for n, (sku, quantity, price) in enumerate(lines, 1)], "allocation": [], **data}
        person = self.shop.person()
        person["ship_to"]["country"] = country
        self.say("orders.order.placed", id_, order, at, publish, private=person)
        return {**order, "country": country}

    def step(self, order, verb, at=None, publish=True, **changes):
        order.update(changes)
        data = {name: value for name, value in order.items() if name != "country"}
        return self.say(f"orders.order.{verb}", order["id"], data, at, publish)

    def refund(self, order, amount, refunded_at=None, at=None, publish=True, **changes):
        at = at or datetime.now(timezone.utc)
        id_ = str(uuid.uuid4())
        data = {"id": id_, "order_id": order["id"], "order_number": order["number"], "channel": order["channel"],
                "currency": order["currency"], "amount": amount, "reason": "broken", "reference": id_[:8],
                "refunded_at": rfc3339(moment(refunded_at) if refunded_at else at), "lines": [], **changes}
        self.say("orders.refund.paid", id_, data, at, publish)
        return data

    def heard(self, timeout=30):
        """Until analytics has acknowledged everything of these streams."""
        end = time.monotonic() + timeout
        while True:
            consumers = [each for service in STREAMS for each in self.shop.consumers(service)]
            left = {each["name"]: each["num_pending"] + each["num_ack_pending"] for each in consumers}
            if len(left) == 8 and not any(left.values()):
                return
            assert time.monotonic() < end, f"not heard after {timeout} s: {left}; logs in {self.shop.folder}"
            time.sleep(0.05)


# --- the independent count: plain integers over the orders and refunds themselves ---------------------------------

def shifted(local, number):
    """The same hour so many days later; standard time where the clock shows it twice or never."""
    bare = local.replace(tzinfo=None, minute=0, second=0, microsecond=0) + timedelta(number)
    both = [bare.replace(tzinfo=local.tzinfo, fold=fold) for fold in (0, 1)]
    offset = min(each.utcoffset() for each in both)
    return (bare - offset).replace(tzinfo=timezone.utc).astimezone(local.tzinfo)


def key_of(by, at, order, zone, later=0):
    local = at.astimezone(zone)
    if later:
        local = shifted(local, later)
    if by == "hour":
        return local.replace(minute=0, second=0, microsecond=0).isoformat(timespec="seconds")
    if by == "week":
        return "{}-W{:02}".format(*local.isocalendar()[:2])
    return {"day": lambda: local.date().isoformat(), "month": lambda: local.strftime("%Y-%m"),
            "channel": lambda: order["channel"], "country": lambda: order["country"] or "-",
            "customer": lambda: order["customer_ref"] or "-"}[by]()


def half_up(amount, number):
    return (2 * amount + number) // (2 * number) if number else None


def finished(figure):
    figure["net"] = figure["gross"] - figure["discount"] - figure["refunds"]
    figure["average_order"] = half_up(figure["gross"] - figure["discount"], figure["orders"])
    return figure


def nothing():
    return dict.fromkeys(("orders", "units", "gross", "discount", "refunds", "refunded"), 0)


def count(orders, refunds, start, end, by, zone, channel=None, currency="GBP", later=0):
    """(rows by key, totals) of [start, end): what /v1/sales has to answer; keys by time as of so many days later."""
    zone = ZoneInfo(zone)
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    rows, totals = defaultdict(nothing), nothing()
    known = {order["id"]: order for order in orders if order["status"] != "cancelled" or order["paid"] or order["refunded"]}

    def inside(at, order):
        return (first <= at.astimezone(zone).date() < last and order["currency"] == currency
                and channel in (None, order["channel"]))

    def add(at, order, **figures):
        if inside(at, order):
            for name, value in figures.items():
                totals[name] += value
                if by != "product":
                    rows[key_of(by, at, order, zone, later)][name] += value

    for order in known.values():
        at = moment(order["placed_at"])
        add(at, order, orders=1, units=sum(line["quantity"] for line in order["lines"]), discount=order["discount"],
            gross=sum(line["quantity"] * line["unit_price"] for line in order["lines"]))
        if by == "product" and inside(at, order):
            for sku in {line["sku"] for line in order["lines"]}:
                own = [line for line in order["lines"] if line["sku"] == sku]
                rows[sku]["orders"] += 1
                rows[sku]["units"] += sum(line["quantity"] for line in own)
                rows[sku]["gross"] += sum(line["quantity"] * line["unit_price"] for line in own)
    for refund in refunds:
        order = known.get(refund["order_id"])
        if order:
            add(moment(refund["refunded_at"]), order, refunds=refund["amount"])
            add(moment(order["placed_at"]), order, refunded=refund["amount"])
    return {key: finished(row) for key, row in rows.items()}, finished(totals)


def days(start, number):
    return (date.fromisoformat(start) + timedelta(number)).isoformat()
