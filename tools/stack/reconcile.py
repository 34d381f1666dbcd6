"""Reconciliation of all services through their APIs: stock, money and events must agree.

Each check gives (name, figures, holds). Used at the end of tools/demo and by the tests.
"""
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from . import plan

SHIPPED = ("shipped", "delivered")


class Reconciliation:
    """What all services have at one moment, when no event is on its way any more."""

    def __init__(self, shop, threads=4):
        self.shop = shop
        with ThreadPoolExecutor(threads) as pool:
            self.orders = pool.submit(lambda: list(shop.orders.all("/v1/orders")))
            self.shipments = pool.submit(lambda: list(shop.fulfillment.all("/v1/shipments")))
            self.tasks = pool.submit(lambda: list(shop.support.all("/v1/tasks")))
            self.surveys = pool.submit(lambda: list(shop.support.all("/v1/surveys")))
            feeds = {service: pool.submit(feed, getattr(shop, service)) for service in plan.SERVICES}
            self.orders, self.shipments = self.orders.result(), self.shipments.result()
            self.tasks, self.surveys = self.tasks.result(), self.surveys.result()
            self.events = {service: each.result() for service, each in feeds.items()}
            levels = pool.submit(lambda: list(shop.catalog.all("/v1/stock")))
            movements = pool.submit(lambda: list(shop.catalog.all("/v1/movements")))
            self.stock = {level["sku"]: {**level, "moved_in": 0, "moved_out": 0} for level in levels.result()}
            for movement in movements.result():
                way = "moved_in" if movement["quantity"] > 0 else "moved_out"
                self.stock[movement["sku"]][way] += abs(movement["quantity"])

    # -- checks ------------------------------------------------------------------------------------

    def all_checks(self):
        return [self.stock_is_conserved(), self.reservations_add_up(), self.nothing_is_negative(),
                self.lines_make_totals(), self.money_is_settled(), *self.feeds_have_no_gaps(),
                *self.every_event_had_one_effect()]

    def stock_is_conserved(self):
        levels = self.stock.values()
        shipped = sum(line["quantity"] for shipment in self.shipments if shipment["status"] in SHIPPED
                      for line in shipment["lines"])
        booked = sum(each["moved_in"] for each in levels)
        left = sum(each["on_hand"] for each in levels)
        by_sku = Counter()
        for shipment in self.shipments:
            if shipment["status"] in SHIPPED:
                by_sku.update({line["sku"]: line["quantity"] for line in shipment["lines"]})
        holds = booked == left + shipped and all(
            each["moved_in"] == each["on_hand"] + by_sku[sku] for sku, each in self.stock.items())
        return ("stock conserved", f"{booked:,} units booked in = {left:,} on hand + {shipped:,} shipped, "
                                   f"each of {len(levels):,} articles", holds)

    def reservations_add_up(self):
        reserved = sum(each["reserved"] for each in self.stock.values())
        open_units = sum(part["quantity"] for order in self.orders if order["stock_status"] in ("reserved", "partial")
                         for part in order["allocation"] if part["sku"] in self.stock)
        return ("reservations add up", f"{reserved:,} units reserved = {open_units:,} in open orders",
                reserved == open_units)

    def nothing_is_negative(self):
        wrong = [sku for sku, each in self.stock.items()
                 if each["on_hand"] < 0 or each["reserved"] < 0 or each["available"] < 0]
        return ("nothing oversold", f"{len(wrong)} articles below zero", not wrong)

    def lines_make_totals(self):
        lines = sum(sum_of_lines(order) for order in self.orders)
        totals = sum(order["total"] for order in self.orders)
        wrong = [order["number"] for order in self.orders if order["total"] !=
                 sum_of_lines(order) - order.get("discount", 0) + order.get("shipping_fee", 0)]
        return ("lines make totals", f"{money(lines)} in lines, {money(totals)} in {len(self.orders):,} orders", not wrong)

    def money_is_settled(self):
        """An order's total is paid, or the order is cancelled and everything paid was refunded."""
        paid = sum(order["paid"] for order in self.orders)
        refunded = sum(order["refunded"] for order in self.orders)
        wrong = [order["number"] for order in self.orders if
                 (order["payment_status"] == "paid" and order["paid"] != order["total"]) or
                 (order["status"] == "cancelled" and order["paid"] != order["refunded"]) or
                 order["refunded"] > order["paid"]]
        return ("money adds up", f"{money(paid)} paid - {money(refunded)} refunded = "
                                 f"{money(paid - refunded)} kept", not wrong)

    def feeds_have_no_gaps(self):
        for service, events in self.events.items():
            positions = [event["position"] for event in events]
            ids = {event["id"] for event in events}
            yield (f"{service}'s events", f"{len(events):,} events, positions without gaps, none twice",
                   positions == list(range(1, len(events) + 1)) and len(ids) == len(events))

    def every_event_had_one_effect(self):
        """What one service published, another applied once: counted on both sides, matched by order."""
        shipped = self.published("fulfillment", "fulfillment.shipment.shipped")
        delivered = self.published("fulfillment", "fulfillment.shipment.delivered")
        pairs = [
            ("orders placed → reservations", self.published("orders", "orders.order.placed"),
             Counter({key: 1 for key, count in self.published("catalog", "catalog.reservation.*").items() if count})),
            ("packages shipped → orders shipped", shipped, self.published("orders", "orders.order.shipped")),
            ("packages shipped → follow-up tasks", shipped,
             Counter(task["order_id"] for task in self.tasks if task.get("kind") == "follow_up")),
            ("packages delivered → orders delivered", delivered, self.published("orders", "orders.order.delivered")),
            ("packages delivered → surveys", delivered, Counter(survey["order_id"] for survey in self.surveys)),
        ]
        for name, published, applied in pairs:
            yield (name, f"{sum(published.values()):,} = {sum(applied.values()):,}, one for each order", published == applied)

    def published(self, service, type_):
        """order → how many events of a type a service published about it; a type that ends in * is a prefix."""
        found = Counter()
        for event in self.events[service]:
            if event["type"] == type_ or (type_.endswith("*") and event["type"].startswith(type_[:-1])):
                found[order_of(event)] += 1
        return found


def analytics_equal_orders(shop, orders, start, end, days):
    """Analytics for [start, end) against the orders placed on those days. An order that was cancelled before anything was
    paid is no sale."""
    answer = shop.analytics.get(f"/v1/sales?from={start}&to={end}&by=day", patience=15).expect(200)
    totals = answer["totals"]
    wanted = [order for order in orders if days(order) and not (order["status"] == "cancelled" and not order["paid"])]
    gross = sum(sum_of_lines(order) for order in wanted)
    units = sum(line["quantity"] for order in wanted for line in order["lines"])
    refunds = sum(order["refunded"] for order in wanted)
    holds = (totals["orders"], totals["gross"], totals["units"]) == (len(wanted), gross, units)
    return ("analytics equal orders", f"{totals['orders']:,} orders, {totals['units']:,} units, gross "
            f"{money(totals['gross'])}; the orders have {len(wanted):,}, {units:,}, {money(gross)} "
            f"(refunds {money(totals['refunded'])} / {money(refunds)})", holds and totals["refunded"] == refunds)


def sum_of_lines(order):
    return sum(line["quantity"] * line["unit_price"] for line in order["lines"])


def order_of(event):
    data = event.get("data") or {}
    return data.get("order_id") or event.get("aggregate_id")


def feed(client, **filters):
    """All events of a service, in order."""
    events, after = [], 0
    while True:
        page = client.get("/v1/events", params={"after": after, "limit": 1000, **filters}).expect(200)["data"]
        if not page:
            return events
        events += page
        after = page[-1]["position"]


def money(minor, currency="£"):
    sign = "-" if minor < 0 else ""
    return f"{sign}{currency}{abs(minor) // 100:,}.{abs(minor) % 100:02}"


__all__ = ["Reconciliation", "analytics_equal_orders", "feed", "money"]
