"""Analytics with all real services: the figures equal what happened."""
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stack.reconcile import analytics_equal_orders
from stack.client import eventually

SHOP = {"env": {"SHOP_TIME_ZONE": "Europe/London"}}


def test_the_main_workflow_is_counted_as_it_happened(shop):
    today = datetime.now(ZoneInfo("Europe/London")).date()
    window = {"from": str(today), "to": str(today + timedelta(1))}
    shop.workflow.publish({"sku": "MUG", "price": 450}, title="Mug", category="kitchen")
    shop.workflow.book_in("MUG", 10)

    def known():
        return shop.workflow.order([("MUG", 2)], paid=False)
    kept = eventually(known)
    unpaid = shop.workflow.order([("MUG", 3)], paid=False)
    shop.workflow.pay(kept)
    shop.workflow.wait_order(kept["id"], status="confirmed")
    shop.workflow.deliver(kept["id"])
    shop.workflow.wait_order(kept["id"], status="delivered")
    shop.orders.post(f"/v1/orders/{unpaid['id']}/cancel", {"reason": "changed their mind"}).expect(200, 202)
    shop.workflow.wait_order(unpaid["id"], status="cancelled")
    shop.orders.post(f"/v1/orders/{kept['id']}/refunds", {"amount": 200, "reason": "a chip", "reference": "r-1"}).expect(200, 201)
    shop.settle()

    response = shop.analytics.get("/v1/sales", params={**window, "by": "product"}).expect(200)
    assert {name: response["totals"][name] for name in ("orders", "units", "gross", "refunds", "net")} == {
        "orders": 1, "units": 2, "gross": 900, "refunds": 200, "net": 700}
    assert [(row["key"], row["title"], row["gross"]) for row in response["data"]] == [("MUG", "Mug", 900)]
    country = shop.analytics.get("/v1/sales", params={**window, "by": "country"}).json["data"]
    assert [(row["key"], row["orders"]) for row in country] == [("GB", 1)]
    assert shop.analytics.get("/v1/parcels", params=window).json["totals"] == {"shipped": 1, "units": 2, "delivered": 1}
    stages = {each["stage"]: each["count"] for each in shop.analytics.get("/v1/stages", params=window).json["data"]}
    assert stages == {"placed_to_confirmed": 1, "confirmed_to_shipped": 1, "shipped_to_delivered": 1, "placed_to_delivered": 1}
    assert shop.analytics.get("/v1/service", params=window).json["surveys"]["sent"] == 1
    events = [each["event_id"] for each in shop.analytics.all("/v1/sales/events", params=window, limit=100)]
    reported = {each["id"]: each["type"] for each in shop.events("orders")}
    assert [reported[id_] for id_ in events] == ["orders.order.placed", "orders.refund.paid"]
    what, figures, holds = analytics_equal_orders(shop, list(shop.orders.all("/v1/orders", limit=100)), window["from"], window["to"],
                                                  lambda order: True)
    assert holds, f"{what}: {figures}"
    assert shop.analytics.get("/v1/dead-letters").json["data"] == [] == shop.analytics.get("/v1/quarantine").json["data"]
