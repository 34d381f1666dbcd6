"""What the other services say, said by a test: events in the shape of docs/events.md, straight onto the stream."""
import json
import random
import time
import uuid
from contextlib import contextmanager
from datetime import datetime, timezone

import psycopg2

from stack.nats import Connection, OPERATOR


class Others:
    """orders and fulfillment as the catalog hears them, without the services themselves."""

    def __init__(self, shop):
        self.shop = shop
        self.versions = {}
        self.numbers = 1000
        for name in ("orders", "fulfillment"):
            shop.nats.request(f"$JS.API.STREAM.CREATE.{name.upper()}", {
                "name": name.upper(), "subjects": [f"{name}.>"], "storage": "file", "num_replicas": 1,
                "retention": "limits", "discard": "old", "max_consumers": -1, "max_msgs": -1, "max_bytes": -1,
                "max_age": 0, "duplicate_window": 0})

    def event(self, type_, id_, data, version=None):
        """One more event of an aggregate: (subject, bytes, headers)."""
        service, aggregate, _ = type_.split(".")
        self.versions[id_] = version or self.versions.get(id_, 0) + 1
        event_id = str(uuid.uuid4())
        body = {"specversion": "1.0", "id": event_id, "source": f"/{service}", "type": type_, "subject": id_,
                "time": now(), "datacontenttype": "application/json", "aggregate": aggregate,
                "aggregateversion": self.versions[id_], "actor": "test",
                "traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01", "data": data}
        return type_, json.dumps(body).encode(), None

    def publish(self, events):
        with Connection(self.shop.nats.port, OPERATOR, self.shop.nats.passwords[OPERATOR], 10) as connection:
            for event in events:
                answer = json.loads(connection.request(*event))
                assert "seq" in answer, answer

    # -- orders ----------------------------------------------------------------------------------

    def order(self, lines, **more):
        """An order that nobody has heard of yet; lines: (sku, quantity) or (sku, quantity, stocked)."""
        self.numbers += 1
        return {"id": str(uuid.uuid4()), "number": f"SO-{self.numbers}", "channel": "web", "currency": "GBP",
                "status": "placed", "allow_partial": False, "total": 0,
                "lines": [{"line": place + 1, "sku": line[0], "quantity": line[1], "unit_price": 100,
                           "stocked": line[2] if len(line) > 2 else True} for place, line in enumerate(lines)],
                **more}

    def placed(self, order):
        return self.event("orders.order.placed", order["id"], order)

    def cancelled(self, order):
        return self.event("orders.order.cancelled", order["id"], {**order, "status": "cancelled"})

    def place(self, *lines, **more):
        order = self.order(lines, **more)
        self.publish([self.placed(order)])
        return order

    def cancel(self, order):
        self.publish([self.cancelled(order)])

    # -- fulfillment -----------------------------------------------------------------------------

    def shipped(self, order, lines, warehouse="main"):
        shipment = {"id": str(uuid.uuid4()), "number": f"SH-{random.randrange(10**9)}", "order_id": order["id"],
                    "status": "shipped", "warehouse": warehouse,
                    "lines": [{"sku": sku, "barcode": f"bar-{sku}", "quantity": quantity, "scanned": quantity}
                              for sku, quantity in lines]}
        return [self.event(f"fulfillment.shipment.{verb}", shipment["id"], shipment)
                for verb in ("created", "waved", "packed", "shipped")]

    def ship(self, order, *lines, warehouse="main"):
        events = self.shipped(order, lines, warehouse)
        self.publish(events)
        return events

    @contextmanager
    def allocation_held(self):
        """Meanwhile the catalog reserves nothing: what is said now comes to it in few batches."""
        connection = psycopg2.connect(self.shop.postgres.url("catalog", self.shop.database))
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtextextended('catalog.allocation', 0))")
            yield
        connection.close()

    # -- what came of it ---------------------------------------------------------------------------

    def settle(self, timeout=60):
        """Until the catalog has dealt with all of it and its own news is out."""
        end = time.monotonic() + timeout
        while self.unsettled():
            assert time.monotonic() < end, f"still on its way: {self.unsettled()}"
            time.sleep(0.05)

    def unsettled(self):
        waiting = {each["name"]: each["num_pending"] + each["num_ack_pending"]
                   for service in ("orders", "fulfillment") for each in self.shop.consumers(service)}
        waiting["outbox"] = self.shop.value("catalog", "select count(*) from event where seq is null")
        waiting["missing"] = 2 - sum(name.startswith("catalog-") for name in waiting)
        return {name: count for name, count in waiting.items() if count}

    def reservation(self, order):
        self.settle()
        found = self.shop.catalog.get("/v1/reservations", params={"order_id": order["id"]}).expect(200)["data"]
        assert len(found) == 1, found
        return found[0]

    def status(self, order):
        return self.reservation(order)["status"]

    def told(self, order):
        """What the catalog announced about an order's stock, in order."""
        reservation = self.reservation(order)
        timeline = self.shop.catalog.get(f"/v1/reservations/{reservation['id']}/timeline").expect(200)["data"]
        return [each["type"].split(".")[-1] for each in timeline]

    def level(self, sku):
        level = self.shop.catalog.get(f"/v1/stock/{sku}").expect(200)
        return level["on_hand"], level["reserved"], level["available"]


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def books_hold(shop):
    """on_hand = sum of movements; reserved = what open reservations hold; cells and lines agree; nothing below zero."""
    wrong = shop.sql("catalog", """
        select s.sku, s.warehouse, s.on_hand, s.reserved,
            (select coalesce(sum(quantity), 0) from stock_movement m where (m.sku, m.warehouse) = (s.sku, s.warehouse)) as moved,
            (select coalesce(sum(quantity - taken), 0) from reservation_cell c
             where (c.sku, c.warehouse) = (s.sku, s.warehouse)) as held
        from stock s""")
    wrong = [each for each in wrong if each["on_hand"] != each["moved"] or each["reserved"] != each["held"]
             or each["reserved"] < 0 or each["on_hand"] < each["reserved"]]
    assert not wrong, wrong
    lines = shop.sql("catalog", """
        select l.reservation_id, l.sku, l.reserved, l.taken, r.status,
            coalesce(sum(c.quantity), 0) as cells, coalesce(sum(c.taken), 0) as cells_taken
        from reservation_line l join reservation r on r.id = l.reservation_id
        left join reservation_cell c on c.reservation_id = l.reservation_id and c.sku = l.sku
        group by l.reservation_id, l.sku, r.status
        having l.reserved <> coalesce(sum(c.quantity), 0) or l.taken <> coalesce(sum(c.taken), 0)
            or (r.status in ('held', 'taken') and l.reserved <> l.quantity) or (r.status = 'short' and l.reserved > 0)
            or (r.status = 'released' and l.reserved <> l.taken)
            or l.waiting <> (r.status in ('short', 'partial') and l.reserved < l.quantity)""")
    assert not lines, lines
    assert shop.value("catalog", "select count(*) from reservation where status = 'new'") == 0
    # Nobody waits whom the stock could serve.
    idle = shop.sql("catalog", """
        select r.id from reservation r where r.status in ('short', 'partial') and
            case when r.allow_partial then exists (
                select 1 from reservation_line l join stock s using (sku)
                where l.reservation_id = r.id and l.waiting and s.on_hand > s.reserved)
            else not exists (
                select 1 from reservation_line l where l.reservation_id = r.id and l.waiting and l.quantity - l.reserved >
                    (select coalesce(sum(on_hand - reserved), 0) from stock s where s.sku = l.sku)) end""")
    assert not idle, idle
