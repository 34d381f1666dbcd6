"""The steps of the main workflow through the APIs: what a shop's staff and a storefront do.

Used by tools/demo and by the tests. Every step has an Idempotency-Key made from its subject, so repeating one, after a
crash or in a second run, changes nothing.
"""
import hashlib
import http.client
import time
import urllib.parse
from datetime import datetime, timezone

from .client import RETRYABLE, Refused, eventually

WAREHOUSE = "main"
CHANNEL = "web"
CARRIER = "royal-mail"
# Role and subject of each member of staff and each client.
STAFF = {
    "merchandiser": "ann", "reviewer": "ben", "stockkeeper": "stan", "storefront": "web-shop", "cashier": "cleo",
    "clerk": "carl", "picker": "pia", "warehouse_lead": "wanda", "carrier": "royal-mail", "agent": "sue",
    "support_lead": "sol", "analyst": "ava",
}


class Workflow:
    """shop has a Client each as .catalog, .orders, .fulfillment, .support, .analytics."""

    def __init__(self, shop, patience=0, key_prefix=None, is_known=None):
        self.shop = shop
        self.is_known = is_known            # polled after publishing: does orders know this SKU's price?
        self.patience = patience            # seconds to retry while a service is down
        self.key_prefix = key_prefix        # None: every call is a new one

    def key(self, *parts):
        return True if self.key_prefix is None else "-".join([self.key_prefix, *map(str, parts)])[:128]

    def call(self, service, method, path, body=None, key=True, role=None, sub=None, expect=(200, 201)):
        """One request; it is retried with the same key while the service is unavailable."""
        end = time.monotonic() + self.patience
        client = getattr(self.shop, service)
        sub = sub or STAFF.get(role)
        while True:
            try:
                answer = client.request(method, path, json=body, key=key, role=role, sub=sub)
                if answer.status not in RETRYABLE or time.monotonic() > end:
                    return answer.expect(*expect)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            time.sleep(0.2)

    # -- catalog -----------------------------------------------------------------------------------

    def draft(self, *variants, title=None, category="general", sub=None, role="merchandiser", key=None):
        """Draft a product; each variant needs a sku and a price, the rest has defaults."""
        body = {
            "title": title or variants[0].get("title") or variants[0]["sku"],
            "description": f"{title or variants[0].get('title') or variants[0]['sku']}, as our staff describes it.",
            "category": category,
            "images": [{"url": f"https://images.example.org/{urllib.parse.quote(variants[0]['sku'])}.jpg",
                        "width": 1200, "height": 1200, "alt": "Front"}],
            "variants": [self.variant(**variant) for variant in variants],
        }
        return self.call("catalog", "POST", "/v1/products", body, key or self.key("draft", variants[0]["sku"]),
                         role, sub)

    @staticmethod
    def variant(sku, price, **more):
        return {"sku": sku, "barcode": barcode_of(sku), "title": sku, "options": {}, "price": price,
                "cost": price // 2, "currency": "GBP", "weight_g": 250, **more}

    def publish(self, *variants, channels=(CHANNEL,), **draft):
        """Draft, submit, approve (by a second person) and publish a product."""
        product = self.draft(*variants, **draft)
        path = f"/v1/products/{product['id']}"
        sku = variants[0]["sku"]
        for action, body, role in (("submit", {}, "merchandiser"), ("approve", {}, "reviewer"),
                                   ("publish", {"channels": list(channels)}, "merchandiser")):
            product = self.call("catalog", "POST", f"{path}/{action}", body, self.key(action, sku), role)
        if self.is_known:
            eventually(lambda: all(self.is_known(variant["sku"]) for variant in variants), 10)
        return product

    def book_in(self, sku, quantity, reason="received", reference="opening", warehouse=WAREHOUSE, role="stockkeeper"):
        body = {"sku": sku, "warehouse": warehouse, "quantity": quantity, "reason": reason, "reference": reference}
        return self.call("catalog", "POST", "/v1/stock/movements", body, self.key("stock", reference, sku), role)

    def stock(self, sku):
        return self.call("catalog", "GET", f"/v1/stock/{urllib.parse.quote(sku, safe='')}", role="stockkeeper")

    # -- orders ------------------------------------------------------------------------------------

    def order_body(self, lines, channel=CHANNEL, ref=None, person=None, paid=True, currency="GBP", **more):
        """The body of an order. lines: (sku, quantity) or (sku, quantity, unit_price). paid: an amount is paid with the order;
        True or False is left to the caller."""
        if person is None:
            make = getattr(self.shop, "person", None)
            person = make() if make else someone("robin")
        body = {"channel": channel, "channel_ref": ref or unique("ref"), "currency": currency, **person,
                "lines": [dict(zip(("sku", "quantity", "unit_price"), line)) for line in lines], **more}
        if paid is not True and paid:
            body["payment"] = {"method": "card", "amount": paid, "reference": f"pay-{body['channel_ref']}"}
        return body

    def order(self, lines, paid=True, wait=None, role="storefront", **more):
        """Place an order. paid: True pays its total, an amount pays that, False nothing."""
        body = self.order_body(lines, paid=paid, **more)
        headers = {"Prefer": f"wait={wait}"} if wait else None
        key = self.key("order", body["channel"], body["channel_ref"])
        placed = (self.shop.orders.post("/v1/orders", body, headers=headers, role=role, key=key).expect(200, 201)
                  if headers else self.call("orders", "POST", "/v1/orders", body, key, role))
        if paid is True:
            self.pay(placed, role=role)
            placed = self.get_order(placed["id"])
        return placed

    def pay(self, order, amount=None, method="card", reference=None, role="storefront"):
        body = {"method": method, "amount": order["total"] if amount is None else amount,
                "reference": reference or f"pay-{order['number']}"}
        return self.call("orders", "POST", f"/v1/orders/{order['id']}/payments", body,
                         self.key("pay", body["reference"]), role)

    def get_order(self, order_id):
        return self.call("orders", "GET", f"/v1/orders/{order_id}", role="clerk")

    def wait_order(self, order_id, timeout=15, **fields):
        """The order, once it has these values, e.g. status="confirmed"."""
        def reached():
            order = self.get_order(order_id)
            wrong = {name: order.get(name) for name, value in fields.items() if order.get(name) != value}
            assert not wrong, f"order {order['number']} has {wrong}, wanted {fields}"
            return order
        return eventually(reached, timeout)

    # -- fulfillment ---------------------------------------------------------------------------------

    def shipments(self, order_id):
        return self.call("fulfillment", "GET", f"/v1/shipments?order_id={order_id}", role="picker")["data"]

    def shipment(self, order_id, status=None, timeout=15):
        """The only shipment of an order, once it exists (and has that status)."""
        def found():
            some = [each for each in self.shipments(order_id) if each["status"] != "voided"]
            assert len(some) == 1, f"{len(some)} shipments of order {order_id}"
            assert status in (None, some[0]["status"]), f"shipment is {some[0]['status']}, not {status}"
            return self.call("fulfillment", "GET", f"/v1/shipments/{some[0]['id']}", role="picker")
        return eventually(found, timeout)

    def wave(self, warehouse=WAREHOUSE, role="warehouse_lead"):
        return self.call("fulfillment", "POST", "/v1/waves", {"warehouse": warehouse}, True, role)

    def scan(self, shipment, barcode, quantity=None, role="picker", key=True):
        body = {"barcode": barcode} if quantity is None else {"barcode": barcode, "quantity": quantity}
        return self.call("fulfillment", "POST", f"/v1/shipments/{shipment['id']}/scans", body, key, role)

    def pack(self, shipment, unit_by_unit=False, role="picker"):
        """Scan all units that are still missing; how many."""
        scanned = 0
        for number, line in enumerate(shipment["lines"]):
            missing = line["quantity"] - line["scanned"]
            if missing > 0 and unit_by_unit:
                for _ in range(missing):
                    self.scan(shipment, line["barcode"], role=role)
            elif missing > 0:
                self.scan(shipment, line["barcode"], missing, role,
                          self.key("scan", shipment["id"], number, line["scanned"]))
            scanned += max(missing, 0)
        return scanned

    def ship(self, shipment, carrier=CARRIER, tracking_number=None, role="warehouse_lead"):
        body = {"carrier": carrier, "tracking_number": tracking_number or f"RM{shipment['id'][-12:].upper()}GB"}
        return self.call("fulfillment", "POST", f"/v1/shipments/{shipment['id']}/ship", body,
                         self.key("ship", shipment["id"]), role)

    def track(self, shipment, status, at=None, role="carrier", **more):
        body = {"carrier": shipment["carrier"], "tracking_number": shipment["tracking_number"], "status": status,
                "occurred_at": at or now(), **more}
        return self.call("fulfillment", "POST", "/v1/tracking-events", body,
                         self.key("track", shipment["tracking_number"], status), role)

    def deliver(self, order_id, **options):
        """Pack, ship and deliver a confirmed order; its shipment."""
        shipment = self.shipment(order_id)
        if shipment["status"] == "pending":
            self.wave()
            shipment = self.shipment(order_id, "waved")
        self.pack(shipment, **options)
        shipment = self.ship(shipment)
        self.track(shipment, "in_transit")
        self.track(shipment, "delivered")
        return self.shipment(order_id, "delivered")

    # -- analytics -----------------------------------------------------------------------------------

    def sales(self, start, end, by="day"):
        """start and end are dates as text; end is exclusive."""
        return self.call("analytics", "GET", f"/v1/sales?from={start}&to={end}&by={by}", role="analyst")


def barcode_of(sku):
    """An EAN-13 of the range for internal use, always the same for a SKU."""
    digits = "2" + str(int(hashlib.sha256(sku.encode()).hexdigest(), 16) % 10**11).zfill(11)
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def someone(ref, name="Robin Ash", country="GB", city="Leeds", postcode="LS1 4DY"):
    """customer and ship_to of an order."""
    phone, email = "+441134960000", f"{ref}@example.org"
    return {"customer": {"ref": ref, "name": name, "phone": phone, "email": email},
            "ship_to": {"name": name, "phone": phone, "country": country, "region": "", "city": city,
                        "street": "1 High Street", "postcode": postcode}}


def unique(prefix):
    return f"{prefix}-{time.time_ns():x}"


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


__all__ = ["Workflow", "Refused", "barcode_of", "someone", "unique", "now", "WAREHOUSE", "CHANNEL", "CARRIER"]
