"""The expected figures: plain integers over the orders, refunds and movements, with no code of the service."""
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from event_publisher import moment
from expected_sales import key_of


def rate(part, whole):
    """A share with four decimal places, rounded half up; None if there is no whole."""
    return float((Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)) if whole else None


def gross_of(order):
    return sum(line["quantity"] * line["unit_price"] for line in order["lines"])


def month_after(day):
    return (day.replace(day=1) + timedelta(32)).replace(day=1)


class ExpectedFigures:
    def __init__(self, orders, refunds, moves, zone):
        self.zone = ZoneInfo(zone)
        self.moves = moves
        self.orders = [order for order in orders if order["status"] != "cancelled" or order["paid"] or order["refunded"]]
        known = {order["id"]: order for order in self.orders}
        self.refunds = [(refund, known[refund["order_id"]]) for refund in refunds if refund["order_id"] in known]
        self.first = {}
        for order in self.orders:
            who, at = order["customer_ref"], moment(order["placed_at"])
            if who and (who not in self.first or at < self.first[who]):
                self.first[who] = at

    def day(self, text):
        return moment(text).astimezone(self.zone).date()

    def within(self, start, end, currency=None, channel=None):
        first, last = date.fromisoformat(start), date.fromisoformat(end)
        return [order for order in self.orders if first <= self.day(order["placed_at"]) < last
                and currency in (None, order["currency"]) and channel in (None, order["channel"])]

    # -- customers -----------------------------------------------------------------------------------

    def customer_figure(self, orders, since):
        """since: the local day from which on a first order makes a customer new."""
        by = Counter(order["customer_ref"] for order in orders if order["customer_ref"])
        new = {who for who in by if self.first[who].astimezone(self.zone).date() >= since}
        repeating = sum(number > 1 for number in by.values())
        return {"customers": len(by), "new": len(new), "returning": len(by) - len(new), "repeating": repeating,
                "repeat_rate": rate(repeating, len(by)), "orders": len(orders), "orders_of_new": sum(by[who] for who in new),
                "orders_of_guests": sum(not order["customer_ref"] for order in orders)}

    def customers(self, start, end, by):
        parts, since = defaultdict(list), {}
        for order in self.within(start, end):
            at = moment(order["placed_at"])
            day = at.astimezone(self.zone).date()
            begin = {"day": day, "week": day - timedelta(day.weekday()), "month": day.replace(day=1)}[by]
            key = key_of(by, at, order, self.zone)
            parts[key].append(order)
            since[key] = max(begin, date.fromisoformat(start))
        rows = [{"key": key, **self.customer_figure(parts[key], since[key])} for key in sorted(parts)]
        return rows, self.customer_figure(self.within(start, end), date.fromisoformat(start))

    def cohorts(self, start, end):
        cohorts, months = defaultdict(set), defaultdict(Counter)
        for who, at in self.first.items():
            if date.fromisoformat(start) <= at.astimezone(self.zone).date() < date.fromisoformat(end):
                cohorts[at.astimezone(self.zone).strftime("%Y-%m")].add(who)
        for order in self.within(start, end):
            months[self.day(order["placed_at"]).strftime("%Y-%m")][order["customer_ref"]] += 1
        rows = []
        for cohort, members in sorted(cohorts.items()):
            active = {month: {who: n for who, n in some.items() if who in members} for month, some in months.items()}
            rows.append({"cohort": cohort, "customers": len(members), "months": [
                {"month": month, "customers": len(some), "orders": sum(some.values()), "retention": rate(len(some), len(members))}
                for month, some in sorted(active.items()) if some]})
        return rows

    def rfm(self, as_of, days, currency):
        last = date.fromisoformat(as_of)
        end, start = (last + timedelta(1)).isoformat(), (last + timedelta(1 - days)).isoformat()
        own = defaultdict(list)
        for order in self.within(start, end, currency):
            if order["customer_ref"]:
                own[order["customer_ref"]].append(order)
        back = Counter()
        for refund, order in self.refunds:
            if start <= self.day(refund["refunded_at"]).isoformat() < end and order["currency"] == currency:
                back[order["customer_ref"]] += refund["amount"]
        values = {who: ((last - max(self.day(order["placed_at"]) for order in some)).days, len(some),
                        sum(gross_of(order) - order["discount"] for order in some) - back[who]) for who, some in own.items()}

        def score(mine, all_, better):
            return 5 - sum(better(other, mine) for other in all_) * 5 // len(all_)
        columns = list(zip(*values.values())) if values else ((), (), ())
        rows = []
        for who, (ago, number, net) in sorted(values.items()):
            r, f, m = (score(ago, columns[0], int.__lt__), score(number, columns[1], int.__gt__), score(net, columns[2], int.__gt__))
            segment = ("champions" if min(r, f, m) >= 4 else "loyal" if r >= 3 and f >= 4 else "promising" if r >= 4 else
                       "steady" if r == 3 else "at_risk" if f >= 4 or m >= 4 else "lost")
            rows.append({"customer": who, "segment": segment, "recency": r, "frequency": f, "monetary": m,
                         "last_order_on": (last - timedelta(ago)).isoformat(), "days": ago, "orders": number, "net": net})
        return rows

    # -- articles ------------------------------------------------------------------------------------

    def sold(self, start, end, currency=None, channel=None):
        sums = defaultdict(lambda: {"orders": 0, "units": 0, "gross": 0})
        for order in self.within(start, end, currency, channel):
            for line in order["lines"]:
                sums[line["sku"]]["units"] += line["quantity"]
                sums[line["sku"]]["gross"] += line["quantity"] * line["unit_price"]
            for sku in {line["sku"] for line in order["lines"]}:
                sums[sku]["orders"] += 1
        return sums

    def ranking(self, start, end, order, limit, currency, channel):
        sums = self.sold(start, end, currency, channel)
        best = sorted(sums, key=lambda sku: (-sums[sku][order], sku))[:limit]
        return [{"place": place, "key": sku, **sums[sku]} for place, sku in enumerate(best, 1)]

    def slow(self, as_of, days, most):
        last = date.fromisoformat(as_of)
        sold = self.sold((last + timedelta(1 - days)).isoformat(), (last + timedelta(1)).isoformat())
        ever = defaultdict(set)
        for order in self.within("1990-01-01", (last + timedelta(1)).isoformat()):
            for line in order["lines"]:
                ever[line["sku"]].add(self.day(order["placed_at"]).isoformat())
        rows = []
        for sku in {move["sku"] for move in self.moves}:
            own = [move for move in self.moves if move["sku"] == sku]
            on_hand, units = sum(move["quantity"] for move in own), sold[sku]["units"] if sku in sold else 0
            first_in = min(self.day(move["created_at"]) for move in own)
            if on_hand > 0 and units <= most and first_in < last + timedelta(1 - days):
                rows.append({"key": sku, "on_hand": on_hand, "units": units, "last_sold_on": max(ever[sku], default=None),
                             "first_in_on": first_in.isoformat(), "days_of_stock": on_hand * days // units if units else None})
        return sorted(rows, key=lambda row: (-row["on_hand"], row["key"]))

    def returns(self, start, end, by, currency):
        sold = self.sold(start, end, currency)
        rows, totals = defaultdict(lambda: {"refunds": 0, "units": 0, "amount": 0}), {"refunds": 0, "units": 0, "amount": 0}
        for refund, order in self.refunds:
            if not start <= self.day(refund["refunded_at"]).isoformat() < end or refund["currency"] != currency:
                continue
            units = Counter()
            for line in refund["lines"]:
                units[line["sku"]] += line["quantity"]
            one = {"refunds": 1, "units": units.total(), "amount": refund["amount"]}
            at = moment(refund["refunded_at"])
            keys = {"product": list(units), "reason": [refund["reason"]]}.get(by) or (
                [] if by == "product" else [key_of(by, at, order, self.zone)])
            for key in keys:
                for name, value in ({**one, "units": units[key], "amount": 0} if by == "product" else one).items():
                    rows[key][name] += value
            for name, value in one.items():
                totals[name] += value
        made = [{"key": key, **row, "amount": None if by == "product" else row["amount"],
                 "sold": (sold[key]["units"] if key in sold else 0) if by == "product" else None} for key, row in rows.items()]
        return sorted(made, key=lambda row: (-row["units"], -(row["amount"] or 0), row["key"])), totals
