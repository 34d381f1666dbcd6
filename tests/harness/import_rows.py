"""Rows to import: products, past orders and refunds; and a whole import."""
from stack import bulk_import


def product(sku, price, **more):
    return {"title": f"Nice {sku}", "category": "china", "status": "published", "channels": ["web"],
            "variants": [{"sku": sku, "price": price, "currency": "GBP", **more}]}


def order(ref, *lines, **more):
    return {"channel": "bazaar", "channel_ref": ref, "currency": "GBP",
            "customer": {"ref": f"c-{ref}", "name": "Robin Canary"},
            "ship_to": {"name": "Robin Canary", "country": "GB", "city": "Leeds", "street": "1, \"The\" Row"},
            "lines": [dict(zip(("sku", "quantity", "unit_price"), line)) for line in lines], **more}


def past(ref, *lines, at="2010-12-01T08:26:00Z", **more):
    return order(ref, *lines, status="delivered", placed_at=at, **more)


def refund(ref, amount, reference, *lines, **more):
    return {"channel": "bazaar", "channel_ref": ref, "amount": amount, "reason": "sent back", "reference": reference,
            **({"lines": [dict(zip(("sku", "quantity"), line)) for line in lines]} if lines else {}), **more}


def take(client, kind, rows, **more):
    return bulk_import.watch(client, bulk_import.hand_in(client, kind, bulk_import.ndjson(rows), **more), patience=30)
