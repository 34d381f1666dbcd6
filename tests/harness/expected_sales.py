"""An independent count of sales: plain integers over the orders and refunds themselves."""
from collections import defaultdict
from datetime import date, timedelta, timezone
from zoneinfo import ZoneInfo

from event_publisher import moment


def shifted(local, number):
    """The same hour a number of days later; standard time where the hour occurs twice or never."""
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


def expected_sales(orders, refunds, start, end, by, zone, channel=None, currency="GBP", later=0):
    """(rows by key, totals) of [start, end): the response that /v1/sales must give; with later, keys by time are that many days later."""
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
