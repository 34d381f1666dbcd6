"""A shop's whole history, from its file of invoice lines, as products, orders and refunds to import.

Every line of the file ends in one of three ways: booked as an order line, booked in a refund, or skipped with a reason.
Cancellations are matched with sales over the whole file.
"""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import shop_file

CHANNEL = "archive"     # its own channel: an order of a replayed day never counts as one of the history
CURRENCY = "GBP"


@dataclass
class Order:
    ref: str
    at: datetime
    customer: str
    country: str
    lines: list = field(default_factory=list)
    left: Counter = field(default_factory=Counter)      # (sku, price) → units that nothing has cancelled yet

    def add(self, line):
        self.lines.append(line)
        self.left[line.sku, line.price] += line.quantity

    @property
    def total(self):
        return shop_file.total(self.lines)

    def row(self):
        ref = f"c-{self.customer}" if self.customer else f"guest-{self.ref}"
        name = f"Customer {self.customer}" if self.customer else "Guest"
        return {"channel": CHANNEL, "channel_ref": self.ref, "currency": CURRENCY, "status": "delivered",
                "placed_at": shop_file.utc(self.at), "customer": {"ref": ref, "name": name},
                "ship_to": {"name": name, "country": shop_file.country(self.country), "city": self.country or "-",
                            "street": "not kept"},
                "lines": [{"sku": line.sku, "quantity": line.quantity, "unit_price": line.price} for line in self.lines]}


@dataclass
class Refund:
    """What one cancellation invoice cancels of one order."""
    invoice: str
    ref: str
    at: datetime
    lines: list = field(default_factory=list)           # (line, units)

    @property
    def amount(self):
        return sum(units * line.price for line, units in self.lines)

    def row(self):
        units_by_sku = Counter()
        for line, units in self.lines:
            units_by_sku[line.sku] += units
        return {"channel": CHANNEL, "channel_ref": self.ref, "amount": self.amount, "reason": "cancelled by the customer",
                "reference": self.invoice, "refunded_at": shop_file.utc(self.at),
                "lines": [{"sku": sku, "quantity": units} for sku, units in units_by_sku.items()]}


@dataclass
class History:
    rows: int = 0
    orders: list = field(default_factory=list)
    refunds: list = field(default_factory=list)
    skipped: Counter = field(default_factory=Counter)       # reason → lines
    skipped_lines: list = field(default_factory=list)       # (reason, the file's row)
    sale_lines: int = 0
    refund_lines: int = 0
    exact_gross: Decimal = Decimal(0)                       # of all sale lines of the file, to the last digit
    skipped_gross: Decimal = Decimal(0)                     # of the sale lines that are skipped

    def skip(self, reason, row):
        self.skipped[reason] += 1
        self.skipped_lines.append((reason, row))

    @property
    def gross(self):
        return sum(order.total for order in self.orders)

    @property
    def refunded(self):
        return sum(refund.amount for refund in self.refunds)

    def products(self):
        """A row to import for each SKU."""
        for sku, (title, price) in shop_file.articles(line for order in self.orders for line in order.lines).items():
            stocked = {} if shop_file.has_stock(sku) else {"stocked": False}
            yield {"title": title, "category": "archive", "status": "published", "channels": [CHANNEL],
                   "variants": [{"sku": sku, "price": price, "currency": CURRENCY, **stocked}]}


def read(path, time_zone="Europe/London"):
    """The history in a file. Raises ValueError for a file of another kind."""
    history, orders, cancellations = History(), Orders(), []
    for entry in shop_file.read(path, time_zone):
        history.rows += 1
        count_gross(history, entry)
        if entry.skipped:
            history.skip(entry.skipped, entry.row)
        elif entry.cancels:
            cancellations.append(entry)
        else:
            orders.of(entry).add(entry.line)
            history.sale_lines += 1
    history.orders = sorted(orders.made.values(), key=lambda order: (order.at, order.ref))
    match(history, cancellations)
    return history


def count_gross(history, entry):
    if shop_file.is_sale(entry.row):
        amount = int(entry.row["Quantity"]) * Decimal(entry.row["UnitPrice"])
        history.exact_gross += amount
        history.skipped_gross += amount if entry.skipped else 0


class Orders:
    """The order of each sale line. An order has one time, but a few invoices were written over two minutes: each further
    time becomes an order of its own (536365.2), so that every window of time holds exactly what the file has."""

    def __init__(self):
        self.made = {}
        self.times = Counter()          # invoice → its different times

    def of(self, entry):
        key = (entry.invoice, entry.row["InvoiceDate"])
        if key not in self.made:
            self.times[entry.invoice] += 1
            number = self.times[entry.invoice]
            ref = entry.invoice if number == 1 else f"{entry.invoice}.{number}"
            self.made[key] = Order(ref, entry.at, entry.customer, entry.country)
        return self.made[key]


def match(history, cancellations):
    """Book each cancellation on the customer's own orders, the latest before it first."""
    bought, refunds = defaultdict(list), {}
    for order in history.orders:
        for sku_price in order.left:
            bought[(order.customer, *sku_price)].append(order)
    for entry in sorted(cancellations, key=lambda each: each.at):
        line = entry.line
        reason = shop_file.why_not_cancelled(entry) or why_not_matched(bought, entry)
        if reason:
            history.skip(reason, entry.row)
            continue
        history.refund_lines += 1
        for order, units in shares(bought[entry.customer, line.sku, line.price], entry.at, line):
            order.left[line.sku, line.price] -= units
            refund = refunds.setdefault((entry.invoice, order.ref), Refund(entry.invoice, order.ref, entry.at))
            refund.lines.append((line, units))
    history.refunds = list(refunds.values())


def why_not_matched(bought, entry):
    line = entry.line
    earlier = [order for order in bought.get((entry.customer, line.sku, line.price), ()) if order.at <= entry.at]
    if not earlier:
        return "cancels an article the customer did not buy at this price within the file"
    if sum(order.left[line.sku, line.price] for order in earlier) < line.quantity:
        return "cancels more than the customer has left of it"
    return None


def shares(orders, at, line):
    """[(order, units)] that a cancellation cancels: the latest order that has all of them left, else several."""
    earlier = [order for order in reversed(orders) if order.at <= at]
    wanted = line.quantity
    whole = next((order for order in earlier if order.left[line.sku, line.price] >= wanted), None)
    if whole:
        return [(whole, wanted)]
    found = []
    for order in earlier:
        units = min(wanted, order.left[line.sku, line.price])
        if units:
            found.append((order, units))
            wanted -= units
        if not wanted:
            break
    return found
