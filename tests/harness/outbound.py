"""Fulfillment's outbound area with its neighbours replaced by an EventPublisher: orders to ship, and what the warehouse does.

    outbound = Outbound(shop)
    order = outbound.confirm([("MUG", 2)])
    shipment = outbound.shipment(order)
"""
from datetime import datetime, timedelta, timezone

from event_publisher import EventPublisher
from stack.client import eventually
from stack.workflow import unique


def at(minutes=0):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


class Outbound:
    def __init__(self, shop):
        self.shop = shop
        self.publisher = EventPublisher(shop)
        self.api = shop.fulfillment
        self.lead = shop.fulfillment.as_("warehouse_lead", "wanda")
        self.picker = shop.fulfillment.as_("picker", "pia")
        self.carrier = shop.fulfillment.as_("carrier", "royal-mail")

    # -- orders ------------------------------------------------------------------------------------

    def order(self, lines, warehouse="main", status="confirmed", **more):
        """The data of a confirmed order whose stock is in one warehouse, not published yet."""
        return self.publisher.new_order(*lines, warehouse=warehouse, status=status, stock_status="reserved", **more)

    def confirm(self, lines, private=None, **more):
        """An order that is placed and confirmed; its data."""
        order = self.order(lines, **more)
        self.change(order, "placed", {**order, "status": "placed", "allocation": []}, private)
        self.change(order, "confirmed", private=private)
        return order

    def change(self, order, verb, data=None, private=None, **changes):
        """Publish the next event of an order, with these data or the order's own and the changes."""
        self.publisher.publish(f"orders.order.{verb}", order["id"], {**(data or order), **changes}, private)

    def cancel(self, order):
        self.change(order, "cancel_requested", status="cancelling")

    # -- what fulfillment has ----------------------------------------------------------------------

    def shipments(self, order, **filters):
        answer = self.picker.get("/v1/shipments", params={"order_id": order["id"], **filters})
        return answer.expect(200)["data"]

    def shipment(self, order, status=None):
        """The only shipment of an order, once it exists (and has that status)."""
        def found():
            some = self.shipments(order)
            assert len(some) == 1 and status in (None, some[0]["status"]), some
            return some[0]
        return eventually(found)

    def read(self, shipment):
        return self.picker.get(f"/v1/shipments/{shipment['id']}").expect(200)

    def exceptions(self, shipment, **filters):
        answer = self.lead.get("/v1/exceptions", params={"shipment_id": shipment["id"], **filters})
        return answer.expect(200)["data"]

    def scan_results(self, shipment):
        found = self.picker.get(f"/v1/shipments/{shipment['id']}/scans", params={"sort": "at"}).expect(200)["data"]
        return [each["result"] for each in found]

    def events(self, id):
        """The verbs of an aggregate's events, in order."""
        rows = self.shop.sql("fulfillment", "select type from event where aggregate_id = %s order by version", id)
        return [row["type"].split(".")[-1] for row in rows]

    # -- actions -----------------------------------------------------------------------------------

    def waved(self, lines, warehouse=None, **more):
        """A shipment in a wave, in its own warehouse."""
        warehouse = warehouse or unique("wh")
        shipment = self.shipment(self.confirm(lines, warehouse=warehouse, **more))
        self.wave(warehouse).expect(201)
        return self.read(shipment)

    def wave(self, warehouse, **options):
        return self.lead.post("/v1/waves", {"warehouse": warehouse}, **options)

    def scan(self, shipment, barcode, quantity=None, **options):
        body = {"barcode": barcode} if quantity is None else {"barcode": barcode, "quantity": quantity}
        return self.picker.post(f"/v1/shipments/{shipment['id']}/scans", body, **options)

    def packed(self, lines, **more):
        shipment = self.waved(lines, **more)
        for line in shipment["lines"]:
            self.scan(shipment, line["barcode"], line["quantity"]).expect(201)
        return self.read(shipment)

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
