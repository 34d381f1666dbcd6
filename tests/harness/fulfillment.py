"""What fulfilment hears from its neighbours, said by the test: it works while they are not there.

    desk = Desk(shop)
    order = desk.confirm([("MUG", 2)])
    shipment = desk.shipment(order)
"""
import json
import uuid
from datetime import datetime, timedelta, timezone

from stack.client import eventually
from stack.workflow import barcode_of, unique

STREAM = {"retention": "limits", "storage": "file", "num_replicas": 1, "max_msgs": -1, "max_bytes": -1}


def at(minutes=0):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


class Desk:
    def __init__(self, shop):
        self.shop = shop
        self.api = shop.fulfillment
        self.lead = shop.fulfillment.as_("warehouse_lead", "wanda")
        self.picker = shop.fulfillment.as_("picker", "pia")
        self.carrier = shop.fulfillment.as_("carrier", "royal-mail")
        self.versions = {}
        for source in ("catalog", "orders"):
            shop.nats.request(f"$JS.API.STREAM.CREATE.{source.upper()}",
                              {**STREAM, "name": source.upper(), "subjects": [f"{source}.>"]})

    # -- saying ----------------------------------------------------------------------------------

    def say(self, type, id, data, private=None, version=None):
        """One event, the next of its aggregate."""
        aggregate = type.split(".")[1]
        version = version or self.versions.get(id, 0) + 1
        self.versions[id] = max(version, self.versions.get(id, 0))
        event = {"specversion": "1.0", "id": str(uuid.uuid4()), "type": type, "source": type.split(".")[0],
                 "aggregate": aggregate, "subject": id, "aggregateversion": version, "time": at(),
                 "actor": "test", "data": data}
        if private is not None:
            event["private"] = private
        answer = self.shop.nats.publish(type, json.dumps(event).encode(), {"Nats-Msg-Id": event["id"]})
        assert "error" not in answer, answer

    def product(self, *variants, title="Mug", verb="published", id=None):
        """variants: sku or (sku, barcode)"""
        id = id or str(uuid.uuid4())
        some = [dict(zip(("sku", "barcode"), each if isinstance(each, tuple) else (each, barcode_of(each))))
                for each in variants]
        self.say(f"catalog.product.{verb}", id, {"id": id, "status": verb, "title": title, "variants": [
            {**each, "title": "blue", "price": 100, "currency": "GBP", "weight_g": 250, "stocked": True}
            for each in some]})
        return id

    def order(self, lines, warehouse="main", allocation=None, status="confirmed", **more):
        """The data of an order: lines are (sku, quantity) or (sku, quantity, stocked)."""
        id = str(uuid.uuid4())
        rows = [{"line": place, "sku": each[0], "quantity": each[1], "unit_price": 100,
                 "stocked": each[2] if len(each) > 2 else True} for place, each in enumerate(lines, 1)]
        if allocation is None:
            allocation = [(each["sku"], warehouse, each["quantity"]) for each in rows if each["stocked"]]
        return {"id": id, "number": unique("O")[-14:], "channel": "web", "status": status, "stock_status": "reserved",
                "lines": rows, "allocation": [dict(zip(("sku", "warehouse", "quantity"), each))
                                              for each in allocation], **more}

    def confirm(self, lines, private=None, **more):
        """An order that is placed and confirmed; returns its data."""
        order = self.order(lines, **more)
        self.news(order, "placed", {**order, "status": "placed", "allocation": []}, private)
        self.news(order, "confirmed", private=private)
        return order

    def news(self, order, verb, data=None, private=None, **changes):
        self.say(f"orders.order.{verb}", order["id"], {**(data or order), **changes}, private)

    def cancel(self, order):
        self.news(order, "cancel_requested", status="cancelling")

    # -- looking ---------------------------------------------------------------------------------

    def shipments(self, order, **filters):
        answer = self.picker.get("/v1/shipments", params={"order_id": order["id"], **filters})
        return answer.expect(200)["data"]

    def shipment(self, order, status=None):
        """The one shipment of an order, once it is there (and has that status)."""
        def found():
            some = self.shipments(order)
            assert len(some) == 1 and status in (None, some[0]["status"]), some
            return some[0]
        return eventually(found)

    def see(self, shipment):
        return self.picker.get(f"/v1/shipments/{shipment['id']}").expect(200)

    def exceptions(self, shipment, **filters):
        answer = self.lead.get("/v1/exceptions", params={"shipment_id": shipment["id"], **filters})
        return answer.expect(200)["data"]

    def evidence(self, shipment):
        found = self.picker.get(f"/v1/shipments/{shipment['id']}/scans", params={"sort": "at"}).expect(200)["data"]
        return [each["result"] for each in found]

    def said(self, id, verb=None):
        """The last words of the events about an aggregate, in order."""
        rows = self.shop.sql("fulfillment", "select type from event where aggregate_id = %s order by version", id)
        return [row["type"].split(".")[-1] for row in rows]

    # -- doing -----------------------------------------------------------------------------------

    def waved(self, lines, warehouse=None, **more):
        """A shipment in a wave, in a warehouse of its own."""
        warehouse = warehouse or unique("wh")
        shipment = self.shipment(self.confirm(lines, warehouse=warehouse, **more))
        self.wave(warehouse).expect(201)
        return self.see(shipment)

    def wave(self, warehouse, **options):
        return self.lead.post("/v1/waves", {"warehouse": warehouse}, **options)

    def scan(self, shipment, barcode, quantity=None, **options):
        body = {"barcode": barcode} if quantity is None else {"barcode": barcode, "quantity": quantity}
        return self.picker.post(f"/v1/shipments/{shipment['id']}/scans", body, **options)

    def packed(self, lines, **more):
        shipment = self.waved(lines, **more)
        for line in shipment["lines"]:
            self.scan(shipment, line["barcode"], line["quantity"]).expect(201)
        return self.see(shipment)

    def ship(self, shipment, carrier="royal-mail", tracking_number=None, **options):
        body = {"carrier": carrier, "tracking_number": tracking_number or "T" + shipment["id"][-12:]}
        return self.lead.post(f"/v1/shipments/{shipment['id']}/ship", body, **options)

    def shipped(self, lines, **more):
        return self.ship(self.packed(lines, **more)).expect(200)

    def track(self, shipment, status, minutes=0, occurred_at=None, **more):
        body = {"carrier": shipment["carrier"], "tracking_number": shipment["tracking_number"], "status": status,
                "occurred_at": occurred_at or at(minutes), **more}
        return self.carrier.post("/v1/tracking-events", body)

    def resolve(self, exception, resolution="looked into it"):
        return self.lead.post(f"/v1/exceptions/{exception['id']}/resolve", {"resolution": resolution})
